"""What the rules read off turns, and what they leave alone."""

import pytest

from knowhen.memory.fence import fenced
from knowhen.memory.records import Role
from knowhen.memory.thoughts.base import Proposal
from knowhen.memory.thoughts.rules import RuleProposer

from .conftest import turn


def read(text: str, *, speaker: str = "Ann", role: Role = "user") -> list[Proposal]:
    found = RuleProposer().propose([turn(text, id="t", speaker=speaker, role=role)])
    assert found.complete and found.calls == found.tokens == 0
    return list(found.items)


def texts(text: str, *, speaker: str = "Ann", role: Role = "user") -> list[str]:
    return [proposal.text for proposal in read(text, speaker=speaker, role=role)]


@pytest.mark.parametrize(
    ("said", "thought"),
    [
        ("I'm keen on counseling.", "Ann likes counseling."),
        ("I've moved to Oslo!", "Ann lives in Oslo."),
        ("I don't eat meat.", "Ann's diet: eats no meat."),
        ("Bea lives in Toronto.", "Bea lives in Toronto."),
        ("My brother is a nurse.", "Ann's brother works as nurse."),
        ("Hey Mel, I joined a choir yesterday!", "Ann joined a choir yesterday (2024-02-29)."),
        ("Last week I went to a parade.", "Ann went to a parade (2024-02-19 – 2024-02-25)."),
        ("I'm flying to Rome on May 3.", "Ann is planning: flying to Rome on May 3 (2024-05-03)."),
        ("My dentist appointment is on 5 March.", "Ann's dentist appointment: 2024-03-05."),
        ("The rent is 350 euros.", "The rent costs 350 euros."),
        ("The oven takes 40 minutes.", "The oven: 40 minutes."),
        ("I sold the Volvo.", "Ann no longer has the Volvo."),
        ("Please never use emojis.", "Ann asks: Please never use emojis."),
    ],
)
def test_a_slot_is_told_so_that_it_reads_alone(said: str, thought: str) -> None:
    assert texts(said) == [thought]


def test_who_somebody_is_may_be_told_on_the_way() -> None:
    assert texts("My sister Bea lives in Toronto.") == [
        "Ann's sister is Bea.",
        "Bea lives in Toronto.",
    ]
    assert texts("Did my sister Bea call?") == ["Ann's sister is Bea."]


def test_a_chat_may_leave_the_speaker_out() -> None:
    assert texts("sold the volvo. given up coffee btw") == [
        "Ann no longer has the volvo.",
        "Ann takes no coffee.",
    ]


@pytest.mark.parametrize(
    "said",
    [
        "How are you?",
        "can you help me with that",
        "Thanks, that's really sweet!",
        "You're doing an awesome job!",
        "I agree with you.",
        "What a beautiful painting",
        "Pottery is a big part of my life.",
        "I love that!",
        "I like how you put it.",
        "If I lived in Rome, I'd eat better.",
        "I wish I had a dog.",
        "She said I live in a dream world.",
        "In the novel I'm writing, I live in Paris.",
        "Do I live in Berlin?",
        "Maybe I'm allergic to cats.",
        'He shouted "I live in Rome" and left.',
        "```py\nI = 'I live in Rome'\n```",
    ],
)
def test_what_fills_no_slot_for_sure_makes_no_thought(said: str) -> None:
    assert texts(said) == []


@pytest.mark.parametrize(
    ("said", "modality", "polarity", "kind"),
    [
        ("I live in Rome.", "asserted", "positive", "fact"),
        ("I will visit Lisbon on May 3.", "planned", "positive", "plan"),
        ("I'm not allergic to nuts.", "asserted", "negative", "fact"),
        ("I don't like onions.", "asserted", "positive", "preference"),
        ("I love onions.", "asserted", "positive", "preference"),
        ("Always answer in German.", "asserted", "positive", "instruction"),
        ("You can use emojis again.", "asserted", "negative", "instruction"),
        ("I saw a play yesterday.", "asserted", "positive", "event"),
    ],
)
def test_denials_plans_and_instructions_stay_what_they_are(
    said: str, modality: str, polarity: str, kind: str
) -> None:
    (proposal,) = read(said)
    assert (proposal.modality, proposal.polarity, proposal.kind) == (modality, polarity, kind)


@pytest.mark.parametrize(
    ("said", "predicate", "object"),
    [
        ("I live in New York with my cat.", "lives in", "New York"),
        ("I moved to Berlin last year.", "lives in", "Berlin"),
        ("I work as a court interpreter.", "works as", "court interpreter"),
        ("I work at Siemens.", "works at", "Siemens"),
        ("I just turned 30.", "age", "30"),
        ("I'm divorced.", "status of life", "divorced"),
        ("My favourite book is Dune.", "favorite book", "Dune"),
        ("My name is Ann Lee.", "name", "Ann Lee"),
        ("I have three cats now.", "number of cats", "three"),
        ("My new boss is Olaf.", "boss", "Olaf"),
    ],
)
def test_a_slot_has_one_name_and_a_clean_value(said: str, predicate: str, object: str) -> None:
    (proposal,) = read(said)
    assert (proposal.predicate, proposal.object) == (predicate, object)


def test_it_points_to_the_thing_that_was_told_of_last() -> None:
    said = ("My interview is on March 20.", "It's been moved to March 27.")
    turns = [turn(text, id=f"t{n}", day=n) for n, text in enumerate(said)]
    first, second = RuleProposer().propose(turns).items
    assert (second.subject, second.object) == (first.subject, "2024-03-27")
    assert [(s.turn_id, s.weight > 0) for s in second.sources] == [("t1", True), ("t0", False)]


def test_a_correction_finds_its_statement_in_an_earlier_sitting() -> None:
    before = [turn("My dog is called Rex.", id="a"), turn("I'm 34 years old.", id="b")]
    (right,) = (
        RuleProposer().propose_after(before, [turn("Sorry, I meant 43.", id="c", day=9)]).items
    )
    assert (right.predicate, right.object, right.corrects) == ("age", "43", True)


def test_an_assistant_states_nothing_about_itself_and_gives_no_orders() -> None:
    said = "I live in the cloud. Always answer in German. Bea lives in Rome."
    (proposal,) = read(said, speaker="assistant", role="assistant")
    assert proposal.text == "Bea lives in Rome."
    assert proposal.sources[0].weight <= 0.3


def test_recalled_text_is_never_learned_again() -> None:
    said = f"{fenced('I live in Bonn. I have 3 cats.')} I love tea."
    assert texts(said) == ["Ann likes tea."]


def test_a_source_points_to_the_sentence_it_rests_on() -> None:
    said = "Hello there! I love tea, but I hate coffee."
    spans = [(s.start, s.end) for proposal in read(said) for s in proposal.sources]
    assert [said[a:b] for a, b in spans] == ["I love tea, but I hate coffee."] * 2


def test_a_past_event_holds_from_its_day_and_a_state_from_when_it_was_said() -> None:
    event, state = read("I saw a play yesterday.") + read("I live in Rome.")
    assert event.valid_from is not None and f"{event.valid_from:%F}" == "2024-02-29"
    assert state.valid_from is None and state.said_at is not None


def test_a_plan_lapses_when_its_day_has_passed() -> None:
    (plan,) = read("I'm flying to Rome on May 3.")
    assert plan.valid_to is not None and f"{plan.valid_to:%F}" == "2024-05-04"


@pytest.mark.parametrize(
    "asked",
    [
        "ok bot: when you give us distances do it in km, always",
        "can you do times in 24 hour clock always, everywhere?",
        "dates always as year-month-day in whatever you write for us",
        "and for the love of god no exclamation marks",
        "helper: two sentences max when you answer us",
        "please keep your answers short",
        "prices in euros please",
        "it never names customers in anything that leaves the house",
    ],
)
def test_a_wish_for_how_to_be_answered_stands(asked: str) -> None:
    assert [p.kind for p in read(asked)] == ["instruction"]


@pytest.mark.parametrize(
    "said",
    [
        "please give me a recipe for soup",
        "I always write dates on the calendar",
        "prices always go up in december",
        "helper what should go in after the potatoes",
        "can you send me the list again",
        "call me when you're home",
        "never mind",
    ],
)
def test_a_single_request_does_not_stand(said: str) -> None:
    assert "instruction" not in [p.kind for p in read(said)]


@pytest.mark.parametrize(
    ("said", "thought"),
    [
        ("given up coffee btw, third day", "Ann takes no coffee."),
        ("can't do dairy, sorry", "Ann takes no dairy."),
        ("no more meat for me from today", "Ann takes no meat."),
        ("moved to Leeds last week", "Ann lives in Leeds."),
        ("prawns make me ill", "Ann takes no prawns."),
        ("I live with my girlfriend Sanne", "Ann's girlfriend is Sanne."),
    ],
)
def test_what_is_typed_without_i_is_the_writers(said: str, thought: str) -> None:
    assert thought in texts(said)
