"""What somebody meets who reads nothing: the greeting, and the way from it to an answer."""

from pathlib import Path

import pytest
from cli_program import SAID, Run, one_sentence

WIDTHS = (45, 80, 120)


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def test_alone_it_greets_with_five_commands(run: Run, width: int) -> None:
    greeting = run()
    assert greeting.code == 0 and greeting.err == ""
    lines = greeting.out.splitlines()
    commands = [line for line in lines if line.startswith("  knowhen ")]
    assert [line.split()[1] for line in commands] == ["remember", "ask", "about", "why", "forget"]
    told = [line for line in lines if not line.startswith(("Nothing", "The memory"))]
    assert max(map(len, told)) <= width
    assert "Nothing is remembered yet in" in greeting.out and "knowhen --help" in greeting.out


def test_a_read_never_begins_a_home(run: Run, tmp_path: Path) -> None:
    for command in (("turns",), ("ask", "Where?"), ("about", "Nora"), ("stats",), ("settle",)):
        told = one_sentence(run(*command, "--home", tmp_path / "none"))
        assert "no memory" in told and 'knowhen remember "' in told
    assert not (tmp_path / "none").exists()


def test_a_sentence_is_remembered_asked_for_and_forgotten(run: Run) -> None:
    said = run("remember", "My bike is green.", "--speaker", "Nora")
    assert said.out.startswith("remembered as ") and said.out.endswith("in space default\n")
    turn_id = said.out.split()[2]
    assert "My bike is green." in run("ask", "What colour is my bike?").out
    assert "My bike is green." in run("about", "Nora").out
    assert run("forget", "--turn", turn_id[:5], "--yes").out.startswith("erased 1 turn")
    assert run("turns").out == ""


def test_a_word_that_is_no_file_is_not_remembered_for_words(run: Run) -> None:
    assert "no file 'talk.json'" in one_sentence(run("remember", "talk.json"))


def test_options_may_stand_before_the_command(filled: Run, tmp_path: Path) -> None:
    assert filled("--json", "turns").json == filled("turns", "--json").json
    assert filled("--space", "other", "remember", "I like the sea.").code == 0
    assert [row["space"] for row in filled("--json", "spaces").json] == ["default", "other"]
    assert "no memory" in one_sentence(filled("--home", tmp_path / "none", "turns"))


def test_the_profile_shows_what_stands(filled: Run) -> None:
    assert filled("remember", "Always answer me in one short sentence.").code == 0
    assert filled("remember", "I am allergic to walnuts.").code == 0
    assert filled("settle").code == 0
    shown = filled("profile", "--asker", "user")
    assert "walnuts" in shown.out and "of 150 tokens" in shown.err
    assert filled("profile", "--json", "--budget", 40).json["tokens"] <= 40


def test_spaces_are_listed_with_their_turns(filled: Run) -> None:
    assert filled("spaces").out == f"{len(SAID)}\t2024-06-10 18:02\tdefault\n"


def test_lists_are_narrowed_by_person_words_and_time(filled: Run) -> None:
    def ids(*options: str) -> list[str]:
        return [turn["id"] for turn in filled("turns", "--json", *options).json]

    assert ids("--about", "Sam") == ["a2", "b2"]
    assert ids("--matching", "pixel") == ["a1", "b3"]
    assert ids("--since", "2024-06-01", "--newest", "2") == ["b2", "b3"]
    assert all(e["session"] == "s2" for e in filled("events", "--about", "kayak", "--json").json)
    thoughts = filled("thoughts", "--about", "Bergen", "--json").json
    assert all("Bergen" in thought["text"] for thought in thoughts)


def test_what_changed_is_told_with_its_cause(filled: Run) -> None:
    told = filled("diff", "--since", "2020-01-01").out
    assert "~\t" in told and "Bergen" in told and "before: " in told and "(b1)" in told
    assert "nothing has changed" in filled("diff", "--since", "2999-01-01").err
    assert "is no time" in one_sentence(filled("diff", "--since", "soon"))


def test_a_text_is_learned_for_reference(filled: Run, tmp_path: Path) -> None:
    manual = tmp_path / "kayak.txt"
    manual.write_text("Rinse the kayak with fresh water after each trip in the sea.")
    assert filled("learn", manual).out == "learned 'kayak'\n"
    assert filled("learn", manual).out == "'kayak' is known\n"
    found = filled("recall", "How is a kayak rinsed?", "--no-gate").out
    assert "Rinse the kayak" in found


def test_a_thought_is_inserted_and_taken_back(filled: Run) -> None:
    told = filled("insert", "Nora plays the cello").out
    assert "inserted" in told
    assert "cello" in filled("thoughts").out
    assert filled("undo", told.split()[3].strip("`")).code == 0
    assert "cello" not in filled("thoughts").out


def test_a_thought_is_corrected_or_retracted_by_hand(run: Run) -> None:
    assert run("remember", "I live in Oslo.", "--speaker", "Nora").code == 0
    assert run("settle").code == 0
    assert run("insert", "Nora lives in Bergen").code == 0
    told = run("diff", "--since", "2020-01-01").out
    assert "Nora lives in Bergen (before: Nora lives in Oslo.)" in told
    (thought,) = run("thoughts", "--json").json
    assert "retracted" in run("retract", thought["id"][:6]).out
    assert "Bergen" not in run("thoughts").out


def test_the_home_remembers_how_it_was_begun(run: Run, tmp_path: Path) -> None:
    assert run("remember", "I like tea.", "--index", "exact").code == 0
    assert run("config").out.splitlines()[1:3] == ["embedder\tlexical", "index\texact"]
    assert run("config", "index", "chroma", "--json").json["index"] == "chroma"
    assert run("config", "--json").json["index"] == "chroma"
    assert "no setting is called 'colour'" in one_sentence(run("config", "colour", "red"))


def test_an_export_does_not_follow_a_link(filled: Run, tmp_path: Path) -> None:
    victim, out = tmp_path / "victim", tmp_path / "out.jsonl"
    victim.write_text("mine")
    (tmp_path / "out.jsonl.part").symlink_to(victim)
    assert filled("export", out).code == 0
    assert victim.read_text() == "mine" and not out.is_symlink()
    assert out.stat().st_mode & 0o077 == 0


def test_signs_that_steer_a_terminal_are_never_printed(run: Run) -> None:
    evil = "red \x9b31m and \u202e turned"
    run("remember", evil)
    for command in (("turns",), ("turns", "--json"), ("about", "user"), ("recall", "red")):
        printed = run(*command).out
        assert "\x9b" not in printed and "\u202e" not in printed
    assert run("turns", "--json").json[0]["text"] == evil


def test_the_doctor_says_what_it_looked_at(filled: Run) -> None:
    outcome = filled("doctor")
    assert outcome.out == "all is well\n" and "6 turns in 1 space" in outcome.err


def test_how_events_are_cut_is_chosen_once_and_stays_in_force(run: Run) -> None:
    run("remember", "I live in Lisbon.")
    assert "no refinement 'magic'" in one_sentence(run("reindex", "--refine", "magic"))
    assert "`lm` needs" in one_sentence(run("reindex", "--scorer", "lm"))
    assert run("config", "--json").json["refine"] == "none"
    assert run("reindex", "--refine", "modularity").code == 0
    assert run("config", "--json").json["refine"] == "modularity"
