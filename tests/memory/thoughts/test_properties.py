"""What holds for any conversation: the invariants of thoughts, as properties."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.errors import OperationRefused
from knowhen.memory.records import Thought, Turn
from knowhen.memory.thoughts.decay import Decay, retained
from knowhen.memory.thoughts.operations import Expire, Merge, Pin, Retract, Supersede, Use
from knowhen.memory.thoughts.relations import stems

from .conftest import START, Talk, turn

SAYINGS = (
    "I live in Berlin.",
    "I moved to Paris.",
    "I live in Oslo now.",
    "My favorite color is green.",
    "My favorite color is blue.",
    "I have 3 cats and a garden.",
    "I have read 12 books.",
    "I have read 15 books by now.",
    "I drive a Volvo.",
    "I sold the Volvo.",
    "Ann lives in Moscow.",
    "Our party is on 3 May 2024.",
    "The party was moved to 10 May 2024.",
    "No, I meant I live in Rome.",
    "Always answer in German.",
    "Always answer in French.",
    "I work at Siemens.",
    "I work at Bosch since last week.",
    "I love painting lakes.",
    "I don't like painting lakes.",
    "I went to a pottery class yesterday.",
    "I will visit Lisbon next month.",
)
turns = st.lists(
    st.tuples(st.sampled_from(SAYINGS), st.integers(0, 20), st.sampled_from(("Ann", "Bob"))),
    min_size=1,
    max_size=8,
).map(
    lambda said: [
        turn(text, id=f"t{n}", day=day + n / 100, speaker=who)
        for n, (text, day, who) in enumerate(said)
    ]
)
quick = settings(deadline=None, max_examples=60)


def heard(said: list[Turn]) -> Talk:
    talk = Talk()
    for one in said:
        talk.hear([one])
    return talk


def timeless(thoughts: list[Thought]) -> list[Thought]:
    return sorted(thoughts, key=lambda thought: thought.id)


@quick
@given(turns)
def test_hearing_the_same_turns_again_changes_nothing(said: list[Turn]) -> None:
    talk = heard(said)
    before, logged = talk.all(), len(talk.store.operations("home"))
    for one in said:
        assert talk.hear([one]) == []
    assert talk.all() == before
    assert len(talk.store.operations("home")) == logged


@quick
@given(turns, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(said: list[Turn], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(said)
    random.shuffle(shuffled)
    assert timeless(heard(shuffled).all()) == timeless(heard(said).all())


@quick
@given(turns)
def test_learning_in_one_call_or_in_many_is_the_same(said: list[Turn]) -> None:
    at_once = Talk()
    at_once.hear(said)
    assert timeless(at_once.all()) == timeless(heard(said).all())


@quick
@given(turns, st.integers(0, 7))
def test_forgetting_a_turn_leaves_what_the_others_alone_would_give(
    said: list[Turn], which: int
) -> None:
    gone = said[which % len(said)]
    talk = heard(said)
    talk.forget(gone.id)
    others = heard([one for one in said if one.id != gone.id])
    assert timeless(talk.all()) == timeless(others.all())


@quick
@given(turns, st.integers(0, 7))
def test_undoing_a_lesson_leaves_what_the_others_alone_would_give(
    said: list[Turn], which: int
) -> None:
    gone = said[which % len(said)]
    talk = Talk()
    lessons = {one.id: talk.hear([one]) for one in said}
    for operation in reversed(lessons[gone.id]):
        talk.ledger.undo(operation)
    others = heard([one for one in said if one.id != gone.id])
    assert timeless(talk.all()) == timeless(others.all())


OPERATIONS = ("pin", "use", "retract", "expire", "supersede", "merge")


@quick
@given(turns, st.sampled_from(OPERATIONS), st.integers(0, 9), st.integers(0, 9))
def test_undo_restores_equal_records(said: list[Turn], name: str, one: int, two: int) -> None:
    talk = heard(said)
    before = talk.all()
    if not before:
        return
    first, second = before[one % len(before)].id, before[two % len(before)].id
    operation = {
        "pin": Pin(first),
        "use": Use((first,)),
        "retract": Retract(first),
        "expire": Expire(first),
        "supersede": Supersede(first, second),
        "merge": Merge((first, second)),
    }[name]
    talk.clock.advance(timedelta(days=9))
    try:
        applied = talk.ledger.apply(operation)
    except OperationRefused:
        assert talk.all() == before
        return
    assert talk.all() != before
    talk.ledger.undo(applied)
    assert talk.all() == before


@quick
@given(turns)
def test_replaying_the_log_over_thoughts_made_anew_gives_them_back(said: list[Turn]) -> None:
    talk = heard(said)
    lessons = talk.store.operations("home")
    if talk.all():
        talk.clock.advance(timedelta(days=1))
        talk.ledger.apply(Pin(talk.all()[0].id))
        talk.ledger.undo(lessons[-1].id)
    before = [replace(thought, retired_at=None) for thought in talk.all()]
    talk.store.delete_thoughts("home", [thought.id for thought in talk.all()])
    talk.store.bump_epoch("home")
    for one in said:
        talk.hear([one], anew=True)
    talk.ledger.replay()
    assert [replace(thought, retired_at=None) for thought in talk.all()] == before


@quick
@given(turns, st.integers(0, 9), st.integers(0, 9))
def test_a_merge_never_loses_a_word_of_an_object(said: list[Turn], one: int, two: int) -> None:
    talk = heard(said)
    known = talk.all()
    if not known:
        return
    parents = [known[one % len(known)], known[two % len(known)]]
    try:
        talk.ledger.apply(Merge(tuple(parent.id for parent in parents)))
    except OperationRefused:
        return
    child = next(t for t in talk.all() if t.id not in {row.id for row in known})
    for parent in parents:
        assert stems(parent.object) <= stems(child.text)
        assert (parent.polarity, parent.modality) == (child.polarity, child.modality)
        assert {s.turn_id for s in parent.sources} <= {s.turn_id for s in child.sources}


@quick
@given(turns)
def test_nothing_crosses_a_space(said: list[Turn]) -> None:
    talk = heard(said)
    other = Talk("other", talk.store)
    before = talk.all()
    for one in said:
        other.hear([replace(one, id=f"other-{one.id}")])
    assert talk.all() == before
    assert {t.space for t in other.all()} <= {"other"}
    assert not {t.id for t in other.all()} & {t.id for t in before}


@settings(deadline=None)
@given(
    st.floats(0, 5000),
    st.floats(0.1, 3000),
    st.floats(0, 3000),
    st.sampled_from(("exponential", "power")),
)
def test_more_stability_never_means_less_retention(
    days: float, stability: float, more: float, curve: str
) -> None:
    weaker = retained(days, stability, curve)  # type: ignore[arg-type]
    assert retained(days, stability + more, curve) >= weaker  # type: ignore[arg-type]
    assert 0 <= weaker <= 1


@settings(deadline=None)
@given(st.lists(st.floats(0, 400), min_size=1, max_size=6), st.floats(0, 900))
def test_a_useful_access_never_makes_a_thought_fade_sooner(
    pauses: list[float], later: float
) -> None:
    thought = Thought("t", "home", "x", "Ann", "likes", "tea", recorded_at=START)
    decay, now = Decay(), START
    for pause in pauses:
        now += timedelta(days=pause)
        used = decay.used(thought, now)
        then = now + timedelta(days=later)
        assert decay.retention(used, then) >= decay.retention(thought, then)
        assert used.stability >= thought.stability
        thought = used


def test_properties_are_about_sayings_that_make_thoughts() -> None:
    for text in SAYINGS:
        assert heard([turn(text, id="t")]).all(), text
