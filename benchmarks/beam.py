"""Evidence recall on BEAM: long chats with an assistant, ten kinds of questions.

    python benchmarks/beam.py --data FOLDER --embedder local

Metrics as in `locomo.py`. A turn of 600 characters or more counts when a third of it is packed
in one piece. Besides, within 2,048 tokens, for questions about something that changed or is
disputed: `update_packed`, whether the update is packed; `update_first`, whether it also stands
above the outdated statement or is marked as its update; `contradiction_both`, whether both
statements are packed and marked as contested or superseding.
"""

import re
from collections.abc import Sequence

from conversations import Conversation, Question, beam
from recalling import holds, run
from report import Figure, figure

from knowhen import MemoryManager, Recall
from knowhen.memory.embedders.base import Embedder

CHANGES = ["update_packed", "update_first", "contradiction_both"]
CHANGES_BUDGET = 2048


def changes(chats: Sequence[Conversation], embedder: Embedder) -> dict[str, Figure]:
    """How often what changed or is disputed is shown as such."""
    values: dict[str, list[float]] = {metric: [] for metric in CHANGES}
    for chat in chats:
        with MemoryManager.open(":memory:", embedder=embedder) as memory:
            memory.remember(chat.turns)
            memory.settle()
            for question in chat.questions:
                if question.earlier and question.later:
                    recall = memory.recall(question.text, budget=CHANGES_BUDGET, gate=False)
                    for metric, value in judge(question, recall, chat).items():
                        values[metric].append(float(value))
    return {metric: figure(given) for metric, given in values.items()}


def judge(question: Question, recall: Recall, chat: Conversation) -> dict[str, bool]:
    """An update counts as first when it stands above the outdated statement or marks it."""
    texts = {turn.id: turn.text for turn in chat.turns}
    items = {item.id: item for item in recall.items if item.kind == "turn"}
    packed = {i for i, item in items.items() if holds(texts[i], item.packed)}
    marked = any(
        other in re.findall(r"[^\s,;]+", items[i].mark)
        for i in (question.earlier | question.later) & packed
        for other in (question.earlier | question.later) - {i}
    )
    same = question.earlier == question.later  # one turn says both
    if question.category == "knowledge_update":
        shown = bool(packed & question.later)
        outdated = packed & question.earlier
        place = min((recall.context.find(f"({i}") for i in outdated), default=len(recall.context))
        above = any(0 <= recall.context.find(f"({i}") < place for i in packed & question.later)
        return {"update_packed": shown, "update_first": shown and (marked or above or same)}
    both = bool(packed & question.earlier) and bool(packed & question.later)
    return {"contradiction_both": both and (marked or same)}


def main() -> None:
    run(
        __doc__,
        "BEAM",
        beam,
        budgets=(512, 1024, 2048, 4096),
        deltas=(1024, 2048),
        shown=CHANGES,
        quick=2,
        users=True,
        besides=changes,
    )


if __name__ == "__main__":
    main()
