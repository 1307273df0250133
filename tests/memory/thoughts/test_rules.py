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
        ("I'm keen on counseling.", "Ann is keen on counseling."),
        ("I've moved to Oslo!", "Ann has moved to Oslo."),
        ("I don't eat meat.", "Ann doesn't eat meat."),
        ("I really love my violin.", "Ann really loves their violin."),
        ("My dog chased me home.", "Ann's dog chased Ann home."),
        ("Yeah, I painted that lake.", "Ann painted that lake."),
        ("Hey Mel, I joined a choir!", "Ann joined a choir."),
        ("Gonna visit my aunt!", "Ann is going to visit Ann's aunt."),
        ("Researching adoption agencies.", "Ann is researching adoption agencies."),
        ("Last week I went to a parade.", "Last week (19–25 February 2024) Ann went to a parade."),
        ("I saw a play yesterday.", "Ann saw a play on 29 February 2024."),
        ("I'll fly to Rome next month.", "Ann will fly to Rome next month (April 2024)."),
        ("We roast marshmallows at camp.", "Ann: We roast marshmallows at camp."),
        ("Pottery is a big part of my life.", "Pottery is a big part of Ann's life."),
        ("The dashboard API averages 250ms.", "The dashboard API averages 250ms."),
    ],
)
def test_a_statement_reads_alone(said: str, thought: str) -> None:
    assert texts(said) == [thought]


@pytest.mark.parametrize(
    "said",
    [
        "How are you?",
        "can you help me with that",
        "Thanks, that's really sweet!",
        "Wow, Mel! So proud of you.",
        "You're doing an awesome job!",
        "I'm so happy for you!",
        "I agree with you.",
        "Good luck, talk to you soon!",
        "What a beautiful painting",
        "Sounds great, see you then.",
        "```py\nI = 'am code'\n```",
    ],
)
def test_questions_and_small_talk_make_no_thoughts(said: str) -> None:
    assert texts(said) == []


def test_a_long_turn_is_cut_into_statements_and_its_question_left_out() -> None:
    said = (
        "I'm working on sprint 2, and I've already finished sprint 1 on March 29, but I prefer "
        "small steps, so can you help me with that?"
    )
    assert texts(said) == [
        "Ann is working on sprint 2.",
        "Ann has already finished sprint 1 on 29 March 2024.",
        "Ann prefers small steps.",
    ]


def test_what_a_question_tells_on_the_way_is_kept() -> None:
    said = "How can I use the fact that I secured 5 interviews?"
    assert texts(said) == ["Ann secured 5 interviews."]


@pytest.mark.parametrize(
    ("said", "modality", "polarity", "kind"),
    [
        ("I live in Rome.", "asserted", "positive", "fact"),
        ("I will visit Lisbon.", "planned", "positive", "plan"),
        ("I might visit Lisbon.", "hypothetical", "positive", "fact"),
        ("Bob said that I sing badly.", "quoted", "positive", "fact"),
        ("I have never seen snow.", "asserted", "negative", "fact"),
        ("I don't like onions.", "asserted", "negative", "preference"),
        ("I love onions.", "asserted", "positive", "preference"),
        ("Always answer in German.", "asserted", "positive", "instruction"),
        ("Please never use emojis.", "asserted", "negative", "instruction"),
        ("I started a job in May 2023.", "asserted", "positive", "event"),
    ],
)
def test_denials_plans_and_quotations_stay_what_they_are(
    said: str, modality: str, polarity: str, kind: str
) -> None:
    (proposal,) = read(said)
    assert (proposal.modality, proposal.polarity, proposal.kind) == (modality, polarity, kind)


@pytest.mark.parametrize(
    ("said", "predicate", "object"),
    [
        ("I live in New York with my cat.", "lives in", "New York"),
        ("I moved to Berlin last year.", "lives in", "Berlin"),
        ("I work as a nurse at night.", "works as", "nurse at night"),
        ("I work at Siemens.", "works at", "Siemens"),
        ("I just turned 30.", "age", "30"),
        ("I'm divorced.", "relationship status", "divorced"),
        ("My favourite book is Dune.", "favorite book", "Dune"),
        ("My name is Ann Lee.", "name", "Ann Lee"),
    ],
)
def test_single_valued_attributes_have_one_name(said: str, predicate: str, object: str) -> None:
    (proposal,) = read(said)
    assert (proposal.predicate, proposal.object) == (predicate, object)


def test_a_hedge_weighs_less_than_a_plain_statement() -> None:
    (sure,), (unsure,) = read("I need glasses."), read("I probably need glasses.")
    assert unsure.sources[0].weight < sure.sources[0].weight


def test_what_an_agent_says_it_did_weighs_little_and_its_advice_is_not_taken() -> None:
    said = "I booked the table for Friday. I recommend the soup. You can pay by card."
    (proposal,) = read(said, speaker="assistant", role="assistant")
    assert proposal.text.startswith("Assistant booked the table")
    assert proposal.sources[0].weight <= 0.3


def test_recalled_text_is_never_learned_again() -> None:
    said = f"{fenced('I live in Bonn. I have 3 cats.')} I love tea."
    assert texts(said) == ["Ann loves tea."]


def test_a_source_points_to_the_words_it_rests_on() -> None:
    said = "Hello there! I love tea, but I hate coffee."
    spans = [(s.start, s.end) for proposal in read(said) for s in proposal.sources]
    assert [said[a:b] for a, b in spans] == ["I love tea", "I hate coffee."]


def test_a_past_event_holds_from_its_day_and_a_state_from_when_it_was_said() -> None:
    event, state = read("I saw a play yesterday.") + read("I live in Rome.")
    assert event.valid_from is not None and f"{event.valid_from:%F}" == "2024-02-29"
    assert state.valid_from is None and state.said_at is not None
