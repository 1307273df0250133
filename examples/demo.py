"""A memory at work: fourteen months of two friends, remembered, asked, corrected and forgotten.

Runs offline with the core of knowhen, on a temporary home. Ends with 1 if anything it promises
does not happen.
"""

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import track

from knowhen import MemoryManager, Turn
from knowhen.memory.formats import read_turns

FRIENDS = Path(__file__).parent / "data" / "friends.jsonl"
BATCH = 20
SECRET = "4471-heron"

# A question, and the turn that holds the answer (see data/README.md).
QUESTIONS = [
    ("When did Crumb Theory open?", "s17:1"),
    ("What is Maren allergic to?", "s25:5"),
    ("Which wrist did Maren sprain?", "s10:3"),
    ("What did Biscuit swallow?", "s18:1"),
    ("When did Maren lead her first route?", "s16:1"),
]
# A line of a chat, and what a memory should do about it.
LINES = [
    ("Thanks, good night!", "skip"),
    ("Who is Kirsty?", "recall"),
    ("Who painted the Mona Lisa?", "parametric"),
    ("What colour is Idris's motorbike?", "hint"),
    ("When is Torvald's birthday?", "abstain"),
]

console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
broken: list[str] = []


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, MemoryManager.open(folder) as memory:
        remember(memory)
        timeline(memory)
        ask(memory)
        follow_up(memory)
        profile(memory)
        decide(memory)
        change(memory)
        merge_and_undo(memory)
        forget(memory, Path(folder))
    say("\nNow you:")
    say(indented('knowhen remember "I live in Lisbon."\nknowhen ask "Where do I live?"'))
    for sentence in broken:
        console.print(f"NOT KEPT: {sentence}", style="bold red")
    return 1 if broken else 0


def remember(memory: MemoryManager) -> None:
    chapter("Maren and Idris talk, and the memory listens")
    turns = [turn for _, turn in read_turns(FRIENDS)]
    starts = range(0, len(turns), BATCH)
    for start in track(starts, "remembering", console=Console(stderr=True), transient=True):
        memory.remember(turns[start : start + BATCH])
    memory.settle()
    stats = memory.stats()
    kept = (f"{stats[name]} {name}" for name in ("turns", "sessions", "events", "thoughts"))
    say(f"Kept: {', '.join(kept)}. No model, no network.")
    promise(memory.remember(turns) == [], "hearing it all again adds nothing")


def timeline(memory: MemoryManager) -> None:
    chapter("What happened: the conversation, cut into events")
    events = memory.events()
    for event in events[:: max(1, len(events) // 10)]:
        say(f"{event.start:%d %b %Y}  {event.turns:>2} turns  {event.title}")
    said = sum(event.turns for event in events)
    promise(said == len(memory.turns()), "every turn belongs to one event")


def ask(memory: MemoryManager) -> None:
    chapter("Questions, answered by what was said")
    for question, source in QUESTIONS:
        answer = memory.answer(question)
        say(question, style="bold")
        say(indented(answer.text))
        promise(source in answer.citations, f"the answer cites turn {source}")


def follow_up(memory: MemoryManager) -> None:
    chapter("A question that only the last words explain")
    before = [
        Turn("Did Maren ever hurt herself climbing?", "Idris"),
        Turn("Yes, she sprained her wrist.", "assistant", role="assistant"),
    ]
    for turn in before:
        say(f"{turn.speaker}: {turn.text}")
    recall = memory.recall("And which one was it?", recent=before, asker="Idris", budget=160)
    say("And which one was it?", style="bold")
    say(indented(recall.context))
    packed = {item.id for item in recall.items if item.packed}
    promise("s10:3" in packed, "the turn that says which wrist is recalled")


def profile(memory: MemoryManager) -> None:
    chapter("What stands whatever is asked, for the front of every prompt")
    found = memory.profile(asker="Maren")
    say(indented(found.text))
    promise("walnuts" in found.text, "a model that suggests a cake to Maren knows of the walnuts")
    promise(found.tokens <= 150, "in no more than 150 tokens")


def decide(memory: MemoryManager) -> None:
    chapter("Knowing when: skip, recall, hint, parametric or abstain")
    for line, action in LINES:
        recall = memory.recall(line, budget=200)
        decision = recall.decision
        found = "hint" if decision.depth == "hint" else decision.action
        say(f"{line}  ->  {found}", style="bold")
        say(indented("\n".join(decision.reasons)))
        promise(found == action, f"the memory decides to {action}")
        needed = action in ("recall", "hint")
        promise(bool(recall.context) == needed, "only a recall or a hint adds to the prompt")


def change(memory: MemoryManager) -> None:
    chapter("A fact that changed, with its history")
    thoughts = {thought.id: thought for thought in memory.thoughts(history=True)}
    replaced = [t for t in thoughts.values() if t.superseded_by and "Leeds" in t.text]
    promise(bool(replaced), "that Maren lived in Leeds is history, not lost")
    for old in replaced:
        new = thoughts[old.superseded_by or ""]
        for thought in (old, new):
            since = f"{thought.valid_from:%d %b %Y}" if thought.valid_from else "?"
            until = f"{thought.valid_to:%d %b %Y}" if thought.valid_to else "now"
            source = ", ".join(source.turn_id for source in thought.sources)
            say(f"{since} to {until}: {thought.text} ({source})")
        promise("Bristol" in new.text, "she lives in Bristol since her move")


def merge_and_undo(memory: MemoryManager) -> None:
    chapter("A merge, and second thoughts")
    known = {thought.id for thought in memory.thoughts()}
    memory.insert("Idris likes rooibos.")
    memory.insert("Idris likes cardamom.")
    before = memory.thoughts(history=True)
    parents = [thought.id for thought in memory.thoughts() if thought.id not in known]
    operation = memory.merge(parents)
    merged = [t for t in memory.thoughts() if t.id not in known]
    say("Merged: " + "; ".join(thought.text for thought in merged))
    words = " ".join(thought.text for thought in merged)
    promise("rooibos" in words and "cardamom" in words, "the merge lost nothing")
    memory.undo(operation)
    promise(memory.thoughts(history=True) == before, "undone, every record is as it was")


def forget(memory: MemoryManager, home: Path) -> None:
    chapter("Forgotten, and proven gone")
    promise(bool(holding(home, SECRET)), "the alarm code was in the files before")
    receipt = memory.forget(matching=SECRET)
    say(f"Erased {len(receipt.turns)} turn and {len(receipt.thoughts)} thoughts.")
    promise(not receipt.residues, "the receipt names no file that still holds it")
    promise(not holding(home, SECRET), "no byte of the code is left in any file")
    found = memory.recall("What is the alarm code?", gate=False)
    promise(SECRET not in found.context, "and no recall brings it back")
    promise(memory.doctor() == [], "the doctor finds all well")


def holding(home: Path, text: str) -> list[str]:
    """Files below `home` in which the text occurs."""
    files = (path for path in home.rglob("*") if path.is_file())
    return [path.name for path in files if text.encode() in path.read_bytes()]


def chapter(title: str) -> None:
    console.print(f"\n{title}", style="bold cyan")


def say(text: str, *, style: str = "") -> None:
    console.print(text, style=style or None)


def promise(kept: bool, sentence: str) -> None:
    console.print(f"  {'✓' if kept else '✗'} {sentence}", style="green" if kept else "red")
    if not kept:
        broken.append(sentence)


def indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


if __name__ == "__main__":
    sys.exit(main())
