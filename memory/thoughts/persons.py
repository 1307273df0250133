"""Putting a name where a speaker says "I", so that a statement reads alone."""

import re

_PAST = frozenset(
    (
        *("was", "were", "had", "did", "went", "ran", "took", "got", "felt", "made", "saw", "came"),
        *("gave", "found", "told", "said", "thought", "knew", "became", "began", "left", "met"),
        *("won", "lost", "bought", "brought", "built", "caught", "chose", "drew", "drove", "ate"),
        *("fell", "flew", "forgot", "grew", "heard", "held", "kept", "led", "learnt", "lent"),
        *("paid", "rode", "sold", "sent", "sang", "sat", "slept", "spoke", "spent", "stood"),
        *("swam", "taught", "threw", "understood", "woke", "wore", "wrote", "read", "put", "set"),
        *("hit", "cut", "let", "hurt", "quit", "shut", "cost", "broke", "hid", "shot", "struck"),
        *("meant", "dreamt", "dealt", "fought", "hung", "laid", "lay", "rose", "shook", "sought"),
        *("stole", "tore", "withdrew", "overcame", "saved", "beat", "bet", "spread", "split"),
    )
)
_AUXILIARIES = frozenset(
    (
        *("will", "would", "can", "could", "may", "might", "must", "shall", "should", "ought"),
        *("won't", "wouldn't", "can't", "cannot", "couldn't", "mustn't", "shouldn't", "ain't"),
        *("didn't", "wasn't", "hadn't", "used", "gotta", "wanna", "gonna", "has", "is", "and"),
        *("or", "in", "at", "on", "to", "with", "for", "of", "who", "as", "from", "by", "hadn't"),
    )
)
_IRREGULAR = {
    "am": "is",
    "are": "is",
    "have": "has",
    "do": "does",
    "don't": "doesn't",
    "haven't": "hasn't",
    "aren't": "isn't",
    "go": "goes",
}
_ADVERB = frozenset(
    (
        *("also", "always", "never", "often", "usually", "sometimes", "just", "still", "already"),
        *("even", "ever", "now", "then", "too", "both", "only", "kinda", "sorta", "really"),
        *("rarely", "seldom", "recently", "currently", "totally", "definitely", "actually"),
        *("mostly", "generally", "probably", "certainly", "finally", "hardly", "almost", "not"),
        *("honestly", "truly", "absolutely", "personally", "basically", "typically", "too"),
    )
)
_CONTRACTED = {"'m": " is", "'ve": " has", "'ll": " will", "'d": " would", "": ""}
_D_HAD = re.compile(
    r"\s+(?:already\s+|just\s+|always\s+|never\s+)?(?:been|had|gone|done|seen|better|\w+ed)\b"
)
_FIRST = re.compile(
    r"(?<![\w'’.])(?:(?P<i>[Ii])(?P<tail>['’](?:m|ve|ll|d))?(?![\w'’.])"
    r"|(?P<im>[Ii]m|[Ii]ve)(?![\w'’])"
    r"|(?P<own>[Mm]y|[Mm]ine)(?![\w'’-])"
    r"|(?P<me>[Mm]e)(?![\w'’-])"
    r"|(?P<self>[Mm]yself)(?![\w'’]))"
)
_NEXT_WORD = re.compile(r"\s+([A-Za-z]+(?:['’]t)?)")


def named(text: str, name: str) -> str:
    """`text` with first-person words put as `name`, and the verbs after them agreeing.

    "I've moved and my dog loves it" becomes "Ann has moved and Ann's dog loves it".
    """
    if _FIRST.search(text) is None:
        return text
    result: list[str] = []
    position = 0
    named_before = False
    for match in _FIRST.finditer(text):
        if match.start() < position:
            continue
        result.append(text[position : match.start()])
        position = match.end()
        words, position = _replacement(match, text, name, named_before)
        result.append(words)
        named_before = True
    result.append(text[position:])
    return "".join(result)


def _replacement(match: re.Match[str], text: str, name: str, again: bool) -> tuple[str, int]:
    if match["own"]:
        return ("their" if again else f"{name}'s"), match.end()
    if match["self"]:
        return "themself", match.end()
    if match["me"]:
        return name, match.end()
    tail = (match["tail"] or "").replace("’", "'")
    if match["im"]:
        tail = "'" + match["im"][1:]
    if tail == "'d" and _D_HAD.match(text, match.end()):
        return f"{name} had", match.end()
    if tail:
        return name + _CONTRACTED[tail], match.end()
    return _agreeing(name, text, match.end())


def _agreeing(name: str, text: str, position: int) -> tuple[str, int]:
    """The name and the verb that follows it, in the third person."""
    words = [name]
    following = _NEXT_WORD.match(text, position)
    while following:
        word = following[1].replace("’", "'")
        if word.lower() in _ADVERB or word.lower().endswith("ly"):
            words.append(following[1])
            position = following.end()
            following = _NEXT_WORD.match(text, position)
            continue
        words.append(third_person(word))
        position = following.end()
        break
    return " ".join(words), position


def third_person(verb: str) -> str:
    """The form that goes with a name: `like` as `likes`; past forms and auxiliaries stay."""
    plain = verb.lower()
    if plain in _IRREGULAR:
        return _IRREGULAR[plain]
    ends_like_past = plain.endswith(("ed", "s", "ing")) and not plain.endswith(("ss", "eed"))
    if plain in _PAST or plain in _AUXILIARIES or ends_like_past:
        return verb
    if plain.endswith(("sh", "ch", "x", "z", "ss", "o")):
        return verb + "es"
    if plain.endswith("y") and plain[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"
