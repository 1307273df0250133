import pytest

from knowhen.memory.language.registry import language_of, pack


@pytest.mark.parametrize(
    "text",
    [
        "Hey, how's it going?",
        "Thank you so much!",
        "Great, see you tomorrow.",
        "What a lovely evening",
        "lol",
        "I am so tired today.",
        "What can you do?",
    ],
)
def test_small_talk_is_recognised(text: str) -> None:
    said = language_of(text).read_utterance(text)
    assert said.small_talk
    assert not said.question and not said.personal


@pytest.mark.parametrize(
    "text",
    [
        "Where do I work?",
        "What do I like?",
        "Hi, when is the dentist appointment?",
        "Thanks! And what did I say about the boiler?",
        "Do you remember my address?",
        "Nice, who fixed the roof last autumn?",
        "Please tell me the name of the plumber",
        "Sure, describe the garden",
        "Do you think I should call Anna back?",
        "OK, where does Kim live",
    ],
)
def test_a_question_is_no_small_talk(text: str) -> None:
    assert not language_of(text).read_utterance(text).small_talk


@pytest.mark.parametrize(
    ("text", "personal"),
    [
        ("What is Kim's birthday?", True),
        ("Which of our plans fell through?", True),
        ("You said it was on Monday, remember when?", True),
        ("What is the capital of France?", False),
        ("What is Canada's capital?", False),
    ],
)
def test_personal_is_what_belongs_to_people(text: str, personal: bool) -> None:
    assert language_of(text).read_utterance(text).personal is personal


def test_pointing_back_beats_small_talk_and_work() -> None:
    assert pack("en").read_utterance("Can you remind me what we agreed?").recalling
    assert not pack("en").read_utterance("Can you remind me what we agreed?").help
    assert pack("en").read_utterance("Please rewrite this sentence: me go home").work


@pytest.mark.parametrize(
    "text",
    [
        "Wo wohnt meine Schwester?",
        "¿Cómo se llama mi perro?",
        "我的狗叫什么名字？",
        "Где живёт моя сестра?",
    ],
)
def test_i_and_my_are_known_in_other_languages(text: str) -> None:
    assert language_of(text).read_utterance(text).personal


@pytest.mark.parametrize(
    "text",
    [
        "Is it safe if I mix bleach and ammonia?",
        "Where can I buy stamps?",
        "Can I freeze cooked rice?",
        "How do I tie a tie?",
    ],
)
def test_asking_what_one_may_do_asks_for_advice(text: str) -> None:
    assert language_of(text).read_utterance(text).help


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("Where is the key?", True),
        ("tell me where the key is", True),
        ("what was the name of the plumber", True),
        ("When I was young I had a dog.", False),
        ("I lost the key. Where is it?", False),
        ("The key is under the mat", False),
    ],
)
def test_a_text_that_only_asks_tells_nothing(text: str, *, only: bool) -> None:
    assert language_of(text).asks(text) is only


@pytest.mark.parametrize(
    ("text", "own", "shared"),
    [
        ("what's the launch date now?", False, True),
        ("¿A quién le toca fregar el baño?", False, True),
        ("what's the capital of Peru?", False, False),
        ("Who was the first person on the moon?", False, True),
        ("where is natural gas found in the US?", False, False),
        ("quand papa arrive-t-il ?", True, False),
        ("who plays the dad in Cheers?", False, False),
        ("父の誕生日は？", True, True),
        ("膝の手術はいつだった？", False, True),
        ("相対性理論とは何ですか？", False, False),
        ("Welche Nummer hat unser Garten?", True, False),
        ('translate this: "could we check in before the others arrive at noon?"', False, False),
    ],
)
def test_a_question_tells_whose_affairs_it_is_about(text: str, own: bool, shared: bool) -> None:
    said = language_of(text).read_utterance(text)
    assert (said.own, said.shared) == (own, shared)
