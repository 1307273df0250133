"""What a chat model proposes about Ann, in the form that proposers read."""

from collections.abc import Mapping


def statement(text: str, object: str, *turns: str, **changes: object) -> Mapping[str, object]:
    return {
        "text": text,
        "subject": "Ann",
        "predicate": "lives in",
        "object": object,
        "polarity": "positive",
        "modality": "asserted",
        "kind": "fact",
        "valid_from": None,
        "valid_to": None,
        "corrects": False,
        "turns": list(turns),
        **changes,
    }
