"""Short relational statements that evolve and stay true."""

from knowhen.memory.thoughts.base import Failure, Proposal, Proposals, Proposer
from knowhen.memory.thoughts.decay import Decay
from knowhen.memory.thoughts.ledger import Erased, ThoughtLedger
from knowhen.memory.thoughts.model import ModelJudge, ModelProposer, open_pairs
from knowhen.memory.thoughts.operations import (
    Erase,
    Expire,
    Insert,
    Merge,
    Operation,
    Pin,
    Reinforce,
    Retract,
    Supersede,
    Use,
)
from knowhen.memory.thoughts.resolution import known_at, true_at
from knowhen.memory.thoughts.rules import RuleProposer

__all__ = [
    "Decay",
    "Erase",
    "Erased",
    "Expire",
    "Failure",
    "Insert",
    "Merge",
    "ModelJudge",
    "ModelProposer",
    "Operation",
    "Pin",
    "Proposal",
    "Proposals",
    "Proposer",
    "Reinforce",
    "Retract",
    "RuleProposer",
    "Supersede",
    "ThoughtLedger",
    "Use",
    "known_at",
    "open_pairs",
    "true_at",
]
