"""Choosing how thoughts are proposed: by rules, or by a model where there is one."""

from knowhen.memory.models.base import ChatModel
from knowhen.memory.thoughts.base import Proposer
from knowhen.memory.thoughts.rules import RuleProposer


def make_proposer(model: ChatModel | None) -> Proposer:
    """Rules without a model; with one, a structured call for each event."""
    if model is None:
        return RuleProposer()
    from knowhen.memory.thoughts.model import ModelProposer

    return ModelProposer(model)
