"""Short relational statements that evolve and stay true."""

from knowhen.memory.thoughts.base import Failure, Proposal, Proposals, Proposer
from knowhen.memory.thoughts.decay import Decay
from knowhen.memory.thoughts.judge import ModelJudge, open_pairs
from knowhen.memory.thoughts.ledger import Erased, ThoughtLedger
from knowhen.memory.thoughts.lsh import LshIndex, LshSettings
from knowhen.memory.thoughts.model import ModelProposer
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
from knowhen.memory.thoughts.rules import RuleProposer
from knowhen.memory.thoughts.scripted import ScriptedProposer
from knowhen.memory.thoughts.timeline import as_of, current_first, known_at

__all__ = [
    "Decay",
    "Erase",
    "Erased",
    "Expire",
    "Failure",
    "Insert",
    "LshIndex",
    "LshSettings",
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
    "ScriptedProposer",
    "Supersede",
    "ThoughtLedger",
    "Use",
    "as_of",
    "current_first",
    "known_at",
    "open_pairs",
]
