"""The model is asked only about what rules leave open, and only the ledger acts on it."""

from knowhen.memory.errors import ModelFailed
from knowhen.memory.testing.chat_model import ScriptedChatModel
from knowhen.memory.thoughts.model import ModelJudge, open_pairs
from knowhen.memory.thoughts.operations import Merge, Supersede

from .conftest import Talk


def commuting(talk: Talk) -> Talk:
    talk.say("I love riding my old brown horse.", id="a")
    talk.say("I hate riding my old brown horse in rain.", id="b", day=3)
    talk.say("I live in Berlin.", id="c")
    talk.say("I moved to Paris.", id="d", day=9)
    return talk


def test_only_what_rules_leave_open_is_asked_about(talk: Talk) -> None:
    ((older, newer),) = open_pairs(commuting(talk).all())
    assert [s.turn_id for s in (*older.sources, *newer.sources)] == ["a", "b"]


def test_a_verdict_becomes_an_operation_that_the_ledger_applies(talk: Talk) -> None:
    pairs = open_pairs(commuting(talk).all())
    judged = ModelJudge(ScriptedChatModel({"answers": ["replaces"]})).judge(pairs)
    assert judged.operations == (Supersede(pairs[0][0].id, pairs[0][1].id),)
    assert (judged.calls, judged.failures) == (1, ()) and judged.tokens > 0
    talk.ledger.apply(judged.operations[0])
    assert talk.one(pairs[0][0].text).status == "superseded"


def test_the_same_is_merged_and_the_unrelated_left_alone(talk: Talk) -> None:
    pairs = open_pairs(commuting(talk).all()) * 2
    model = ScriptedChatModel({"answers": ["same"]}, {"answers": ["unrelated"]})
    judged = ModelJudge(model, pairs_per_call=1).judge(pairs)
    assert judged.operations == (Merge((pairs[0][0].id, pairs[0][1].id)),)
    assert judged.calls == 2


def test_a_failed_or_short_answer_decides_nothing(talk: Talk) -> None:
    pairs = open_pairs(commuting(talk).all())
    judge = ModelJudge(ScriptedChatModel(ModelFailed("down"), {"answers": []}))
    for _ in range(2):
        judged = judge.judge(pairs)
        assert judged.operations == () and len(judged.failures) == 1
