"""How thoughts evolve: reinforced, superseded, contested, corrected, merged, undone, erased."""

from datetime import timedelta
from pathlib import Path

import pytest

from knowhen import MemoryManager
from knowhen.memory.errors import NotFound, OperationRefused
from knowhen.memory.records import Source
from knowhen.memory.stores.sqlite import SqliteStore
from knowhen.memory.testing.clock import FixedClock
from knowhen.memory.testing.volatile_store import VolatileStore
from knowhen.memory.thoughts.base import Failure, Proposal, Proposals
from knowhen.memory.thoughts.ledger import ThoughtLedger
from knowhen.memory.thoughts.operations import (
    Erase,
    Expire,
    Insert,
    Merge,
    Pin,
    Reinforce,
    Retract,
    Supersede,
    Use,
)
from knowhen.memory.thoughts.resolution import known_at, true_at

from .conftest import START, Talk, entries, turn


def test_saying_it_again_reinforces_with_the_new_source(talk: Talk) -> None:
    talk.say("I live in Berlin.", id="a")
    once = talk.one("Ann lives in Berlin.").confidence
    talk.say("I live in Berlin.", id="b", day=9)
    (berlin,) = [t for t in talk.all() if t.status == "active"]
    assert [source.turn_id for source in berlin.sources] == ["a", "b"]
    assert once < berlin.confidence < 1


def test_a_new_value_closes_the_interval_of_the_old(talk: Talk) -> None:
    talk.say("I live in Berlin.", id="a")
    talk.say("I moved to Paris.", id="b", day=30)
    berlin, paris = talk.one("Ann lives in Berlin."), talk.one("Ann lives in Paris.")
    assert (berlin.status, berlin.superseded_by, berlin.valid_to) == (
        "superseded",
        paris.id,
        START + timedelta(days=30),
    )
    assert (paris.status, paris.supersedes) == ("active", (berlin.id,))


def test_an_old_fact_that_arrives_late_does_not_replace_the_new_one(talk: Talk) -> None:
    talk.say("I moved to Paris.", id="b", day=30)
    talk.say("I live in Berlin.", id="a")
    assert talk.active() == {"Ann lives in Paris."}
    assert talk.one("Ann lives in Berlin.").valid_to == START + timedelta(days=30)


def test_going_back_to_an_old_value_is_remembered_as_going_back(talk: Talk) -> None:
    for day, (id, city) in enumerate((("a", "Berlin"), ("b", "Paris"), ("c", "Berlin"))):
        talk.say(f"I live in {city}.", id=id, day=10 * day)
    statuses = [t.status for t in sorted(talk.all(), key=lambda t: str(t.valid_from))]
    assert statuses == ["superseded", "superseded", "active"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The oven takes 40 minutes.", "The oven takes 25 minutes now."),
        ("I've read 12 crime novels.", "I've now read 15 crime novels."),
        ("My garden has 45 roses.", "My garden has 52 roses."),
        ("My dentist appointment is on April 1.", "The dentist appointment moved to April 5."),
        ("I drive a Volvo.", "I sold the Volvo."),
        ("I'm allergic to nuts.", "I'm not allergic to nuts after all."),
        ("My favorite color is green.", "My favorite color is blue."),
        ("I'm engaged.", "I got married."),
    ],
)
def test_an_update_is_linked_to_what_it_updates(talk: Talk, old: str, new: str) -> None:
    talk.say(old, id="a")
    talk.say(new, id="b", day=3)
    first, second = sorted(talk.all(), key=lambda t: str(t.valid_from))
    assert first.superseded_by == second.id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("I have 3 cats.", "I have 4 dogs."),
        ("I finished a painting on March 2, 2023.", "I finished a quilt on March 9, 2023."),
        (
            "I went to a pottery class on March 2, 2023.",
            "I went to a pottery class on March 9, 2023.",
        ),
        ("I'm moving to Rome in May.", "I live in Oslo."),
        ("My exam score is 80%.", "My phone battery is at 40%."),
        ("My cousin lives in Rome.", "I live in Oslo."),
    ],
)
def test_different_things_are_left_apart(talk: Talk, one: str, other: str) -> None:
    talk.say(one, id="a")
    talk.say(other, id="b", day=14)
    assert {t.status for t in talk.all()} == {"active"}
    assert not any(t.contested for t in talk.all())


def test_what_somebody_else_says_never_replaces_the_own_words_of_a_person(talk: Talk) -> None:
    talk.say("I live in Berlin.", id="a")
    talk.say("Ann lives in Moscow now.", id="b", day=5, speaker="Mallory")
    own, heard = sorted(talk.all(), key=lambda t: str(t.valid_from))
    assert (own.status, heard.status) == ("active", "active")
    assert own.rivals == (heard.id,) and heard.rivals == (own.id,)
    talk.say("I moved to Paris.", id="c", day=9)
    assert {t.object: t.status for t in talk.all()} == {
        "Berlin": "superseded",
        "Moscow": "superseded",
        "Paris": "active",
    }


def test_of_a_thing_that_is_nobodys_the_latest_word_holds(talk: Talk) -> None:
    talk.say("The party is on June 14.", id="a")
    talk.say("The party has been moved to June 21.", id="b", day=5, speaker="Bob")
    first, second = sorted(talk.all(), key=lambda t: t.object)
    assert first.superseded_by == second.id


def test_two_people_who_disagree_at_once_are_contested(talk: Talk) -> None:
    talk.say("Bob's favorite color is red.", id="a", speaker="Ann")
    talk.say("Bob's favorite color is blue.", id="b", speaker="Cid")
    assert all(t.contested and t.status == "active" for t in talk.all())


def test_a_correction_retracts_what_was_never_true(talk: Talk) -> None:
    talk.hear(
        [
            turn("My dentist appointment is on March 3.", id="a"),
            turn("No, I meant March 5.", id="b", day=0.01),
        ]
    )
    wrong = talk.one("Ann's dentist appointment: 2024-03-03.")
    right = talk.one("Ann's dentist appointment: 2024-03-05.")
    assert (wrong.status, wrong.superseded_by, right.status) == ("retracted", right.id, "active")


def test_what_an_agent_says_never_replaces_what_its_user_said(talk: Talk) -> None:
    talk.say("I live in Berlin.", id="a")
    agent = Proposal(
        text="Ann lives in Paris.",
        subject="Ann",
        predicate="lives in",
        object="Paris",
        sources=(Source("b", 0, 5, 0.3),),
        said_at=START + timedelta(days=5),
    )
    talk.ledger.learn(Proposals(items=(agent,)))
    assert talk.one("Ann lives in Berlin.").status == "active"


def test_a_rejected_proposal_is_kept_apart_and_never_a_fact(talk: Talk) -> None:
    talk.ledger.learn(Proposals(rejected=(Failure("no such words", ("a",), "Ann owns Mars."),)))
    assert talk.all() == []
    assert talk.store.quarantined("home") == [(("a",), "no such words", "Ann owns Mars.")]


def test_time_travel_tells_what_was_true_and_what_was_known(talk: Talk) -> None:
    talk.say("I live in Berlin.", id="a")
    talk.clock.advance(timedelta(days=40))
    talk.say("I moved to Paris.", id="b", day=30)
    then, later = START + timedelta(days=10), START + timedelta(days=50)

    def said(thoughts: list) -> list[str]:  # type: ignore[type-arg]
        return [thought.object for thought in thoughts if thought.status == "active"]

    assert [t.object for t in true_at(talk.all(), then)] == ["Berlin"]
    assert [t.object for t in true_at(talk.all(), later)] == ["Paris"]
    assert said(known_at(talk.all(), then)) == ["Berlin"]
    assert said(known_at(talk.all(), later)) == ["Paris"]
    assert known_at(talk.all(), START - timedelta(days=1)) == []


def test_erasing_the_new_fact_brings_back_the_old(talk: Talk) -> None:
    talk.say("I live in Berlin.", id="a")
    talk.say("I moved to Paris.", id="b", day=30)
    berlin, paris = talk.one("Ann lives in Berlin."), talk.one("Ann lives in Paris.")
    gone = talk.ledger.erase(turn_ids=["b"])
    assert (gone.vanished, gone.revived, tuple(each.text for each in gone.thoughts)) == (
        (paris.id,),
        (berlin.id,),
        ("Ann lives in Paris.",),
    )
    assert talk.one("Ann lives in Berlin.").valid_to is None


def test_erasing_one_of_two_sources_keeps_the_thought(talk: Talk) -> None:
    talk.say("I live in Berlin.", id="a")
    talk.say("I live in Berlin.", id="b", day=4)
    talk.forget("a")
    (kept,) = talk.all()
    assert [source.turn_id for source in kept.sources] == ["b"]


def test_erasing_a_parent_leaves_no_word_of_it_in_what_was_merged(talk: Talk) -> None:
    talk.say("I love kayaks.", id="a")
    talk.say("I love violins.", id="b")
    ids = tuple(t.id for t in talk.all())
    talk.ledger.apply(Merge(ids))
    assert len(talk.active()) == 1
    talk.forget("a")
    assert talk.active() == {"Ann likes violins."}
    assert "kayak" not in str(talk.all()) + str(talk.store.operations("home"))


def test_an_erasure_cannot_be_undone(talk: Talk) -> None:
    talk.say("I love kayaks.", id="a")
    erased = talk.ledger.apply(Erase(turn_ids=("a",)))
    assert talk.all() == []
    with pytest.raises(OperationRefused):
        talk.ledger.undo(erased)


def test_a_merge_says_everything_and_points_back(talk: Talk) -> None:
    talk.say("I work as a nurse.", id="a")
    talk.say("I play chess.", id="b")
    nurse, chess = sorted(talk.all(), key=lambda t: t.text, reverse=True)
    talk.ledger.apply(Merge((nurse.id, chess.id), "Ann works as a nurse and plays chess."))
    child = talk.one("Ann works as a nurse and plays chess.")
    assert {s.turn_id for s in child.sources} == {"a", "b"}
    assert talk.one(nurse.text).merged_into == child.id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("I love kayaks.", "I no longer live in Rome."),
        ("I love kayaks.", "I will visit Rome on May 3, 2024."),
        ("I saw a play on March 1, 2023.", "I saw a film on March 2, 2023."),
    ],
)
def test_a_merge_never_crosses_polarity_modality_or_day(talk: Talk, one: str, other: str) -> None:
    talk.say(one, id="a")
    talk.say(other, id="b")
    with pytest.raises(OperationRefused):
        talk.ledger.apply(Merge(tuple(t.id for t in talk.all())))
    assert len(talk.active()) == 2


def test_a_merge_that_would_lose_a_word_is_refused(talk: Talk) -> None:
    talk.say("I love kayaks.", id="a")
    talk.say("I love violins.", id="b")
    with pytest.raises(OperationRefused, match="violin"):
        talk.ledger.apply(Merge(tuple(t.id for t in talk.all()), "Ann likes kayaks."))


def test_operations_by_hand_stay_when_more_is_learned(talk: Talk) -> None:
    talk.say("I live in Berlin.", id="a")
    talk.say("I love kayaks.", id="b")
    talk.ledger.apply(Retract(talk.one("Ann lives in Berlin.").id))
    talk.ledger.apply(Expire(talk.one("Ann likes kayaks.").id))
    talk.say("I live in Berlin.", id="c", day=1)
    talk.say("I moved to Paris.", id="d", day=2)
    assert talk.one("Ann likes kayaks.").status == "expired"
    retracted = [t for t in talk.all() if t.status == "retracted"]
    assert [t.sources[0].turn_id for t in retracted] == ["a"]


def test_superseding_by_hand_links_what_rules_left_open(talk: Talk) -> None:
    talk.say("I love riding to work.", id="a")
    talk.say("I hate long journeys.", id="b", day=3)
    horse, tram = sorted(talk.all(), key=lambda t: str(t.valid_from))
    done = talk.ledger.apply(Supersede(horse.id, tram.id))
    assert talk.one(horse.text).superseded_by == tram.id
    assert talk.one(tram.text).supersedes == (horse.id,)
    talk.say("I love kayaks.", id="c")
    assert talk.one(horse.text).status == "superseded"
    talk.ledger.undo(done)
    assert {talk.one(horse.text), talk.one(tram.text)} == {horse, tram}


def test_use_makes_more_stable_and_undo_forgets_it(talk: Talk) -> None:
    talk.say("I love kayaks.", id="a")
    before = talk.one("Ann likes kayaks.")
    talk.clock.advance(timedelta(days=30))
    used = talk.ledger.apply(Use((before.id,)))
    after = talk.one("Ann likes kayaks.")
    assert after.stability > before.stability and after.uses == 1
    talk.ledger.undo(used)
    assert talk.one("Ann likes kayaks.") == before


def test_undo_goes_backwards_where_operations_meet(talk: Talk) -> None:
    talk.say("I love kayaks.", id="a")
    kayaks = talk.one("Ann likes kayaks.").id
    pin = talk.ledger.apply(Pin(kayaks))
    talk.ledger.apply(Pin(kayaks, False))
    with pytest.raises(OperationRefused, match="later operation"):
        talk.ledger.undo(pin)


def test_an_inserted_thought_is_read_like_a_said_one(talk: Talk) -> None:
    operation = talk.ledger.apply(Insert("I live in Rome."))
    (rome,) = talk.all()
    assert (rome.predicate, rome.object, rome.sources) == ("lives in", "Rome", ())
    talk.ledger.apply(Reinforce(rome.id, (Source("x", 0, 4, 0.9),)))
    with pytest.raises(OperationRefused):
        talk.ledger.apply(Insert("I live in Rome."))
    talk.ledger.undo(operation)
    assert talk.all() == []


def test_what_does_not_exist_is_not_found(talk: Talk) -> None:
    with pytest.raises(NotFound):
        talk.ledger.apply(Pin("nothing"))
    with pytest.raises(NotFound):
        talk.ledger.undo(99)


def test_a_failed_operation_leaves_no_trace(talk: Talk) -> None:
    talk.say("I love kayaks.", id="a")
    before = talk.all()
    with pytest.raises(NotFound):
        talk.ledger.apply(Merge((before[0].id, "nothing")))
    assert talk.all() == before
    talk.say("I love violins.", id="b")
    assert talk.active() == {"Ann likes kayaks.", "Ann likes violins."}


def test_two_ledgers_over_one_home_see_each_other(tmp_path: Path) -> None:
    one, two = (Talk(store=SqliteStore(tmp_path)) for _ in range(2))  # type: ignore[arg-type]
    one.say("I live in Berlin.", id="a")
    two.say("I moved to Paris.", id="b", day=30)
    one.say("I moved to Rome.", id="c", day=60)
    assert {t.object: t.status for t in two.all()} == {
        "Berlin": "superseded",
        "Paris": "superseded",
        "Rome": "active",
    }
    one.store.close()
    two.store.close()


def test_entries_follow_their_thoughts(talk: Talk) -> None:
    talk.say("I live in Berlin. I love kayaks.", id="a")
    owners = {row.owner for row in talk.store.entries("home", "thought")}
    assert owners == {thought.id for thought in talk.all()}
    talk.forget("a")
    assert talk.store.entries("home", "thought") == []


def test_a_store_that_fails_to_commit_leaves_the_ledger_in_step() -> None:
    store, clock = VolatileStore(), FixedClock(START)
    ledger = ThoughtLedger(store, "home", clock, entries)
    talk = Talk(store=store)
    with pytest.raises(ZeroDivisionError), store.transaction("home"):
        ledger.apply(Insert("I love kayaks."))
        raise ZeroDivisionError
    ledger.apply(Insert("I love kayaks."))
    assert talk.active() == {"The user likes kayaks."}


def test_a_reindex_keeps_a_merge_though_a_parent_was_overtaken_since(tmp_path: Path) -> None:
    with MemoryManager.open(tmp_path) as memory:
        memory.remember([turn("I live in Berlin.", id="a"), turn("I love kayaks.", id="b")])
        memory.settle()
        memory.merge([thought.id for thought in memory.thoughts()])
        memory.remember([turn("I moved to Paris.", id="c", day=9)])
        memory.settle()
        before = memory.thoughts(history=True)
        memory.reindex()
        assert memory.thoughts(history=True) == before


def test_what_was_erased_stays_erased_when_a_correction_rested_on_it(tmp_path: Path) -> None:
    with MemoryManager.open(tmp_path) as memory:
        memory.remember(
            [
                turn("My favourite number is 5.", id="a"),
                turn("I am 34 years old.", id="b", day=1),
                turn("Sorry, I meant 43.", id="c", day=2),
            ]
        )
        memory.settle()
        memory.forget(turns=["b"])
        before = memory.thoughts(history=True)
        assert [thought.object for thought in before] == ["5"]
        memory.reindex()
        assert memory.thoughts(history=True) == before
