"""Blocking loses no pair that the rules relate."""

from hypothesis import given, settings

from knowhen.memory.thoughts.relations import relation
from knowhen.memory.thoughts.workspace import Neighbourhood

from .conftest import Talk, turn
from .test_properties import SAYINGS, turns


@settings(deadline=None, max_examples=60)
@given(turns)
def test_every_related_pair_is_near_in_both_directions(said) -> None:  # type: ignore[no-untyped-def]
    talk = Talk()
    talk.hear(said)
    near = Neighbourhood()
    near.add(talk.all())
    for one in talk.all():
        for other in talk.all():
            if relation(one, other) is not None:
                assert relation(other, one) == relation(one, other)
                assert other.id in near.near(one.id)


def test_unrelated_thoughts_are_not_compared() -> None:
    talk = Talk()
    for place, saying in enumerate(SAYINGS):
        talk.hear([turn(saying, id=f"t{place}", day=place)])
    near = Neighbourhood()
    near.add(talk.all())
    compared = sum(len(near.near(thought.id)) for thought in talk.all())
    assert compared < len(talk.all()) ** 2 / 4


def test_a_discarded_thought_is_near_to_nothing() -> None:
    talk = Talk()
    talk.say("I live in Berlin.", id="a")
    talk.say("I live in Rome.", id="b", day=1)
    one, other = talk.all()
    near = Neighbourhood()
    near.add([one, other])
    near.discard([other.id, "unknown"])
    assert near.near(one.id) == near.near(other.id) == set()
    assert len(near) == 1
