"""Proposing with a chat model: one call per event, every proposal checked, nothing lost."""

from collections.abc import Mapping

import pytest

from knowhen.memory.errors import ModelFailed, ModelUnsupported
from knowhen.memory.fence import fenced
from knowhen.memory.models.structured import check_answer
from knowhen.memory.testing.chat_model import ScriptedChatModel
from knowhen.memory.testing.proposer import ScriptedProposer
from knowhen.memory.thoughts.base import Proposals
from knowhen.memory.thoughts.model import (
    ModelProposer,
    Retries,
    StatementsAnswer,
    VerdictsAnswer,
    ask_statements,
    ask_verdicts,
)

from .conftest import Talk, turn

EVENT = [
    turn("I went to a pottery class yesterday.", id="t1"),
    turn("How was it?", id="t2", speaker="Bob"),
]


def statement(**changes: object) -> Mapping[str, object]:
    return {
        "text": "Ann went to a pottery class on 29 February 2024.",
        "subject": "Ann",
        "predicate": "Went  to",
        "object": "a pottery class",
        "polarity": "positive",
        "modality": "asserted",
        "kind": "event",
        "valid_from": "2024-02-29",
        "valid_to": None,
        "corrects": False,
        "turns": ["t1"],
        **changes,
    }


def propose(*replies: object, **settings: object) -> tuple[Proposals, ScriptedChatModel]:
    model = ScriptedChatModel(*replies)  # type: ignore[arg-type]
    pauses: list[float] = []
    proposer = ModelProposer(model, sleep=pauses.append, **settings)  # type: ignore[arg-type]
    return proposer.propose(EVENT), model


def test_an_event_takes_one_call_and_cites_its_turns() -> None:
    found, model = propose({"statements": [statement()]})
    (proposal,) = found.items
    assert (proposal.predicate, proposal.sources[0].turn_id) == ("went to", "t1")
    assert proposal.valid_from is not None and f"{proposal.valid_from:%F}" == "2024-02-29"
    assert (found.calls, len(model.history), found.complete) == (1, 1, True)
    assert found.tokens > 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"object": "a Mars rover"}, "words that no cited turn has"),
        ({"subject": "Zoe"}, "words that no cited turn has"),
        ({"turns": ["t9"]}, "not part of the event"),
        ({"turns": []}, "cites no turn"),
        ({"object": " "}, "no object"),
    ],
)
def test_what_its_turns_do_not_support_is_rejected(changes: dict[str, object], reason: str) -> None:
    found, _ = propose({"statements": [statement(**changes), statement()]})
    assert len(found.items) == 1
    assert reason in found.rejected[0].reason
    assert found.complete


def test_a_relative_date_may_be_written_out() -> None:
    found, _ = propose({"statements": [statement(object="pottery class on 29 February 2024")]})
    assert len(found.items) == 1


def test_a_failed_call_is_tried_again_with_longer_waits() -> None:
    model = ScriptedChatModel(
        ModelFailed("busy"), ModelFailed("busy"), {"statements": [statement()]}
    )
    pauses: list[float] = []
    found = ModelProposer(model, sleep=pauses.append).propose(EVENT)
    assert (len(found.items), found.calls, pauses) == (1, 3, [1.0, 2.0])


def test_when_all_attempts_fail_the_event_stays_to_be_done() -> None:
    found, _ = propose(ModelFailed("down"), ModelFailed("down"), retries=Retries(attempts=2))
    assert not found.complete and found.items == ()
    assert found.failures[0].turn_ids == ("t1", "t2")


def test_a_model_that_cannot_do_it_is_not_asked_again() -> None:
    found, model = propose(ModelUnsupported("no schemas"))
    assert not found.complete and len(model.history) == 1


def test_what_came_before_a_failing_call_is_kept() -> None:
    found, _ = propose(
        {"statements": [statement()]},
        ModelFailed("down"),
        turns_per_call=1,
        retries=Retries(attempts=1),
    )
    assert len(found.items) == 1 and not found.complete and found.calls == 2


def test_recalled_text_is_not_shown_to_the_proposing_model() -> None:
    model = ScriptedChatModel({"statements": []})
    ModelProposer(model).propose([turn(fenced("I own Mars.") + " I am tired.", id="t")])
    assert "Mars" not in str(model.history)


def test_checked_proposals_become_thoughts_and_rejected_ones_do_not(talk: Talk) -> None:
    found, _ = propose({"statements": [statement(), statement(object="a Mars rover")]})
    talk.store.add_turns("home", EVENT, talk.clock.now())
    talk.ledger.learn(found)
    assert talk.active() == {"Ann went to a pottery class on 29 February 2024."}
    assert len(talk.store.quarantined("home")) == 1


def test_every_prompt_renders() -> None:
    system, user = ask_statements(EVENT)
    assert "Cite the ids" in system.content
    assert '"id": "t1"' in user.content and "pottery" in user.content


def test_the_comparing_prompt_renders(talk: Talk) -> None:
    talk.say("I love old horses.", id="a")
    (horse,) = talk.all()
    system, user = ask_verdicts([(horse, horse)])
    assert "replaces" in system.content
    assert '"pair": 1' in user.content and "2024-03-01" in user.content


def test_the_schemas_accept_what_they_ask_for() -> None:
    check_answer({"statements": [statement()]}, StatementsAnswer)
    check_answer({"answers": ["same", "replaces"]}, VerdictsAnswer)
    with pytest.raises(ModelFailed):
        check_answer({"statements": [{"text": "x"}]}, StatementsAnswer)


def test_the_scripted_proposer_gives_what_it_was_given() -> None:
    proposer = ScriptedProposer(Proposals(calls=2))
    proposer.enqueue(Proposals(calls=3))
    assert [proposer.propose(EVENT).calls for _ in range(2)] == [2, 3]
    assert not proposer.propose(EVENT).complete
    assert len(proposer.history) == 3
