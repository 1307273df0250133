"""A memory of several languages, and of one that has no pack, through the door of a user."""

import pytest

from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Turn

CHAT = (
    ("Lucía", "el día uno pagamos el alquiler a la señora Amparo, son 350 por cabeza"),
    ("王伟", "我不能吃虾，上次吃完脸肿得像包子，去了急诊"),
    ("Tom", "I start work at the opera on Monday, six in the morning"),
    ("Jonas", "Die Chorprobe ist ab jetzt immer mittwochs um acht in der Martinskirche."),
    ("Camille", "Dimanche nous partons à Lyon chez ma sœur Élodie."),
    ("さくら", "来週の金曜日に京都の祖母の家へ行きます。"),
    ("Marek", "W sobotę jedziemy z Olą do Krakowa na koncert."),
)


@pytest.fixture
def memory() -> MemoryManager:
    made = MemoryManager.open(":memory:")
    made.remember([Turn(speaker=name, role="user", text=text) for name, text in CHAT])
    return made


@pytest.mark.parametrize(
    ("question", "speaker"),
    [
        ("¿A quién se le paga el alquiler?", "Lucía"),
        ("How much do they pay Mrs Amparo?", "Lucía"),
        ("王伟不能吃什么？", "王伟"),
        ("When does Tom start work?", "Tom"),
        ("Wann ist die Chorprobe von Jonas?", "Jonas"),
        ("Où va Camille dimanche ?", "Camille"),
        ("さくらさんは来週どこへ行きますか？", "さくら"),
        ("Kiedy jedziemy do Krakowa?", "Marek"),
    ],
)
def test_a_question_finds_its_turn_in_the_language_of_either(
    memory: MemoryManager, question: str, speaker: str
) -> None:
    recall = memory.recall(question, asker="")
    assert recall.decision.action == "recall"
    assert recall.items[0].speaker == speaker


@pytest.mark.parametrize(
    "text", ["Guten Morgen!", "gracias, hasta mañana", "哈哈好的，晚安", "ありがとう"]
)
def test_small_talk_recalls_nothing_in_any_language(memory: MemoryManager, text: str) -> None:
    assert memory.recall(text).decision.action == "skip"


@pytest.mark.parametrize(
    "text",
    ["Wie alt werden Amseln?", "¿Qué es el fado?", "Qui a écrit Candide ?", "富士山有多高？"],
)
def test_a_question_about_the_world_recalls_nothing(memory: MemoryManager, text: str) -> None:
    assert memory.recall(text).context == ""
