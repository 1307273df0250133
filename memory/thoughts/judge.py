"""Asking a chat model about the pairs of thoughts that the rules leave open, and only those."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowhen.memory.errors import ModelFailed
from knowhen.memory.models.base import ChatModel
from knowhen.memory.records import Thought
from knowhen.memory.thoughts import prompts
from knowhen.memory.thoughts.features import features
from knowhen.memory.thoughts.operations import Merge, Operation, Supersede
from knowhen.memory.thoughts.relations import owner, relation

Pair = tuple[Thought, Thought]


@dataclass(frozen=True, slots=True)
class Judged:
    """Operations that a model's answers come to, for the ledger to apply or refuse."""

    operations: tuple[Operation, ...] = ()
    failures: tuple[str, ...] = ()
    calls: int = 0
    tokens: int = 0


def open_pairs(thoughts: Iterable[Thought], *, shared: int = 3, alike: float = 0.6) -> list[Pair]:
    """Active thoughts of one owner that speak of the same and that no rule relates.

    The older stands first. Both share at least `shared` content words, and the shorter one at
    least the share `alike` of its own.
    """
    active = {t.id: t for t in thoughts if t.status == "active" and t.modality == "asserted"}
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    pairs: list[Pair] = []
    for key, thought in sorted(active.items()):
        stems = features(thought).stems
        counts = Counter(o for stem in stems for o in holders[owner(thought), stem])
        for other_key, count in sorted(counts.items()):
            other = active[other_key]
            fewer = min(len(stems), len(features(other).stems))
            same_kind = thought.polarity == other.polarity and relation(thought, other) is None
            if same_kind and count >= shared and count >= alike * fewer:
                older, newer = sorted((thought, other), key=lambda t: (str(t.valid_from), t.id))
                pairs.append((older, newer))
        for stem in stems:
            holders[owner(thought), stem].append(key)
    return pairs


class ModelJudge:
    """Asks how open pairs relate: one structured call for up to `pairs_per_call` of them."""

    def __init__(self, model: ChatModel, *, pairs_per_call: int = 20) -> None:
        self._model, self.pairs_per_call = model, pairs_per_call

    def judge(self, pairs: Sequence[Pair]) -> Judged:
        """What to do about the pairs; a failed call leaves its pairs as they are."""
        operations: list[Operation] = []
        failures: list[str] = []
        calls = tokens = 0
        for start in range(0, len(pairs), self.pairs_per_call):
            part = pairs[start : start + self.pairs_per_call]
            calls += 1
            try:
                answer = self._model.complete(prompts.decide(part), schema=prompts.DECIDE_SCHEMA)
            except ModelFailed as error:
                failures.append(str(error))
                continue
            tokens += answer.prompt_tokens + answer.completion_tokens
            verdicts = (answer.data or {}).get("answers")
            if not isinstance(verdicts, Sequence) or len(verdicts) != len(part):
                failures.append(f"the model did not answer each of {len(part)} pairs once")
                continue
            operations.extend(_operations(part, verdicts))
        return Judged(tuple(operations), tuple(failures), calls, tokens)


def _operations(pairs: Sequence[Pair], verdicts: Sequence[object]) -> Iterable[Operation]:
    for (older, newer), verdict in zip(pairs, verdicts, strict=True):
        if verdict == "replaces":
            yield Supersede(older.id, newer.id)
        elif verdict == "same":
            yield Merge((older.id, newer.id))
