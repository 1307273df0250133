"""Who speaks of themself, in every language that is listed."""

import pytest

from knowhen.memory.language.pronouns import names_the_speaker
from knowhen.memory.language.terms import words

OWN = {
    "English": "Where is my sister?",
    "German": "Wo wohnt meine Schwester?",
    "French": "Où est la maison de ma sœur ?",
    "Spanish": "¿Cómo se llama mi perro?",
    "Italian": "Come si chiama il mio cane?",
    "Portuguese": "Onde é que está a minha irmã?",
    "Dutch": "Waar is het huis van mijn zus?",
    "Swedish": "Var är min syster och hennes hund?",
    "Russian": "Где живёт моя сестра?",
    "Korean": "내 개의 이름은 뭐야?",
    "Chinese": "我的狗叫什么名字？",
    "Japanese": "私の犬の名前は何ですか？",
}
OTHERS = {
    "English": "Where is the station?",
    "German": "Wo ist der Bahnhof?",
    "Italian": "Dove si trova la stazione?",
    "Swedish": "Var ligger stationen?",
    "Chinese": "车站在哪里？",
    "Korean": "역이 어디예요?",
}


@pytest.mark.parametrize("text", OWN.values(), ids=OWN)
def test_my_is_known(text: str) -> None:
    assert names_the_speaker(words(text))


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_what_is_nobodys_names_no_speaker(text: str) -> None:
    assert not names_the_speaker(words(text))
