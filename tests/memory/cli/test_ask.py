import json

import pytest
from cli_program import SAID, Run, one_sentence
from openai_server import Failure, OpenAIServer


def test_recall_lists_what_answers_with_date_speaker_and_id(filled: Run) -> None:
    outcome = filled("recall", "What did Sam buy in Stavanger?")
    first = outcome.out.splitlines()[0].split("\t")
    assert first == [
        "*", "2024-06-10 18:01", "Sam", "b2", "I bought a red kayak in Stavanger on Friday."
    ]  # fmt: skip
    assert "recall" in outcome.err
    assert "of 1024 tokens" in outcome.err


def test_recall_lists_only_so_many(filled: Run) -> None:
    assert filled("recall", "Nora", "--limit", 2).out.count("\n") == 2


def test_recall_as_json_holds_the_whole_recall(filled: Run) -> None:
    found = filled("recall", "What did Sam buy in Stavanger?", "--json", "--budget", 60).json
    assert found["decision"]["action"] == "recall"
    assert found["items"][0]["sources"] == ["b2"]
    assert found["tokens"] <= 60
    assert "red kayak" in found["context"]


def test_the_context_alone_is_printed_as_a_prompt_takes_it(filled: Run) -> None:
    query = "What did Sam buy in Stavanger?"
    context = filled("recall", query, "--json").json["context"]
    assert filled("recall", query, "--context").out == context + "\n"


def test_no_gate_gives_a_context_where_the_gate_gives_none(filled: Run) -> None:
    query = "Thanks, that is kind!"
    assert filled("recall", query, "--json").json["context"] == ""
    assert filled("recall", query, "--json", "--no-gate").json["context"] != ""


def test_as_of_hides_what_was_said_later(filled: Run) -> None:
    query = "Where does Nora live?"
    found = filled("recall", query, "--no-gate", "--as-of", "2024-05-01", "--json").json
    assert {item["id"] for item in found["items"] if item["kind"] == "turn"} <= {"a1", "a2", "a3"}


@pytest.mark.parametrize("budget", ["0", "-5", "many"])
def test_a_budget_that_is_no_positive_number_is_one_sentence(filled: Run, budget: str) -> None:
    assert "budget" in one_sentence(filled("recall", "Nora", "--budget", budget))


def test_a_bad_time_an_empty_query_and_a_missing_one_are_one_sentence_each(filled: Run) -> None:
    assert "'soon' is no time" in one_sentence(filled("recall", "Nora", "--as-of", "soon"))
    assert "empty" in one_sentence(filled("recall", " "))
    assert "QUERY" in one_sentence(filled("recall"))
    assert "No such option" in one_sentence(filled("recall", "Nora", "--nonsense"))
    assert "No such command" in one_sentence(filled("rember"))


def test_decide_tells_small_talk_from_a_question_about_a_person(filled: Run) -> None:
    assert filled("decide", "Thanks, that is kind!").out.startswith("skip\n")
    asked = filled("decide", "Where does Nora live?", "--json").json
    assert asked["action"] == "recall"
    assert all(0 <= asked[name] <= 1 for name in ("need", "have", "know", "trust"))
    assert asked["reasons"]


def test_why_explains_the_first_item_or_the_one_that_is_named(filled: Run) -> None:
    query = "What did Sam buy in Stavanger?"
    assert "turn b2" in filled("why", query).out
    explained = filled("why", query, "b2", "--json").json["explanation"]
    assert explained["item"]["id"] == "b2"
    shares = explained["shares"]
    assert shares == explained["item"]["why"]
    assert list(shares) == sorted(shares, key=lambda cue: -abs(shares[cue]))
    assert "no item of this recall 'zz'" in one_sentence(filled("why", query, "zz"))


def test_chat_answers_with_a_dated_quote_and_remembers_what_was_said(filled: Run) -> None:
    said = "What did Sam buy in Stavanger?\n/why\n\nI adopted a parrot named Rocket.\n/quit\n"
    outcome = filled("chat", "--name", "Nora", input=said)
    assert outcome.code == 0
    assert "10 June 2024, Sam: “I bought a red kayak in Stavanger on Friday.” (b2)" in outcome.out
    kept = filled("turns", "--json").json[-2:]
    assert [(turn["speaker"], turn["text"]) for turn in kept] == [
        ("Nora", "What did Sam buy in Stavanger?"),
        ("Nora", "I adopted a parrot named Rocket."),
    ]
    assert kept[0]["session"] == kept[1]["session"] != ""


def test_chat_as_json_gives_an_object_an_answer(filled: Run) -> None:
    outcome = filled("chat", "--json", input="Where does Nora live?\n")
    assert json.loads(outcome.out)["said"] == "Where does Nora live?"


def test_chat_in_json_explains_itself_in_json_too(filled: Run) -> None:
    outcome = filled("chat", "--json", input="/why\n")
    assert outcome.json == {"why": "nothing was asked yet"}


def test_chat_with_a_model_that_fails_says_why_and_keeps_only_what_the_user_said(
    filled: Run, openai_server: OpenAIServer
) -> None:
    said = ["What did Sam buy in Stavanger?", "I adopted a parrot named Rocket."]
    openai_server.enqueue(*[Failure(401, "the key is not valid")] * 9)
    outcome = filled(
        *("chat", "--base-url", openai_server.url, "--model", "any", "--name", "Nora"),
        input="\n".join(said),
    )
    assert outcome.code == 1
    assert "I bought a red kayak in Stavanger" in outcome.out
    assert outcome.err.count("the model gave no usable answer") == len(said)
    assert "the key is not valid" in outcome.err
    assert [turn["text"] for turn in filled("turns", "--json").json[len(SAID) :]] == said


def test_chat_keeps_the_words_of_a_model_but_not_an_abstention(
    filled: Run, openai_server: OpenAIServer
) -> None:
    openai_server.enqueue("Hello to you too.", {"thoughts": []})
    asked = "When is Caroline's birthday?"
    outcome = filled(
        *("chat", "--base-url", openai_server.url, "--model", "any", "--name", "Nora"),
        input=f"hello there\n{asked}\n",
    )
    assert outcome.code == 0
    assert "I do not remember anything that answers this." in outcome.out
    kept = [(turn["role"], turn["text"]) for turn in filled("turns", "--json").json[len(SAID) :]]
    assert kept == [("user", "hello there"), ("assistant", "Hello to you too."), ("user", asked)]


def test_chat_takes_a_models_plain_words_for_a_reply(
    filled: Run, openai_server: OpenAIServer
) -> None:
    openai_server.enqueue(*["Sam bought a red kayak (b2)."] * 9)
    outcome = filled(
        *("chat", "--base-url", openai_server.url, "--model", "any", "--name", "Nora"),
        input="What did Sam buy in Stavanger?\n",
    )
    assert outcome.code == 0 and outcome.out == "Sam bought a red kayak (b2).\n"
    assert "no quote of it was checked" in outcome.err


def test_chat_that_is_not_text_is_one_sentence(filled: Run) -> None:
    assert "not UTF-8" in one_sentence(filled("chat", input=b"caf\xe9\n"))


def test_chat_with_an_endpoint_needs_a_model(filled: Run) -> None:
    error = one_sentence(filled("chat", "--base-url", "http://127.0.0.1:9/v1", input=""))
    assert "--base-url needs --model" in error


@pytest.mark.parametrize("walk", ["push", "power", "exact", "none"])
def test_every_walk_finds_what_was_said(filled: Run, walk: str) -> None:
    query = "What did Sam buy in Stavanger?"
    found = filled("recall", query, "--walk", walk, "--json").json
    assert found["items"][0]["id"] == "b2"
    assert any(item["why"].get("walk") for item in found["items"]) == (walk != "none")


def test_an_unknown_walk_is_one_sentence(filled: Run) -> None:
    assert "no walk 'fly'" in one_sentence(filled("recall", "Nora", "--walk", "fly"))


def test_why_shows_the_way_of_the_walk_unless_there_was_none(filled: Run) -> None:
    query = "What did Sam buy in Stavanger?"
    assert "reached by" in filled("why", query).out
    paths = filled("why", query, "b2", "--json").json["paths"]
    assert paths and all("turn:b2" in path for path in paths)
    assert filled("why", query, "b2", "--walk", "none", "--json").json["paths"] == []


def test_why_not_says_what_kept_a_turn_out(filled: Run) -> None:
    query = "What did Sam buy in Stavanger?"
    told = filled("why", query, "--not", "b2").out
    assert "kept out by" in told and "rank" in told
    kept_out = filled("why", query, "--not", "b2", "--json").json["explanation"]["kept_out"]
    assert kept_out is None or f"{kept_out}: " in told
    assert "no turn 'zz'" in one_sentence(filled("why", query, "--not", "zz"))
