"""A conversation of two friends, for tests of what a memory holds about whom."""

from datetime import UTC, datetime, timedelta

from knowhen import Turn

SAID = [
    ("Nora", "I moved to Lisbon last week, the flat has a tiny balcony."),
    ("Ivo", "Congratulations! How is the new city?"),
    ("Nora", "Loud and sunny. I adopted a greyhound called Basil from the shelter."),
    ("Ivo", "A greyhound! I am training for the Porto marathon in November."),
    ("Nora", "My sister Petra is a violin maker, she restored an old viola in May."),
    ("Ivo", "I bake rye bread on Sundays, the sourdough is three years old."),
    ("Nora", "I work as a cartographer at the harbour office."),
    ("Ivo", "My car broke down near Coimbra, the gearbox is gone."),
]


def turns(said: list[tuple[str, str]], *, role: str | None = None) -> list[Turn]:
    start = datetime(2024, 3, 1, 9, tzinfo=UTC)
    return [
        Turn(
            text,
            speaker if role is None else "",
            role=speaker if role else "user",  # type: ignore[arg-type]
            time=start + timedelta(minutes=number),
            session=f"s{number // 4}",
            id=f"t{number}",
        )
        for number, (speaker, text) in enumerate(said)
    ]
