"""A long conversation made up from templates, and every segment of it told in other words.

Two friends talk over months. A segment is a short exchange about one happening; its retelling
keeps who, where and what, and shares hardly another content word. Each topic comes up many
times with other details, so what a retelling is about does not tell when it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from knowhen import Turn

FIRST_DAY = datetime(2023, 1, 9, tzinfo=UTC)
SPEAKERS = ("Irene", "Tomas")

NAMES = (
    "Bogdan", "Carmen", "Dimitri", "Elif", "Farid", "Greta", "Hanna", "Ignacio", "Jolanda",
    "Kofi", "Leona", "Mirek", "Nadia", "Oskar", "Pilar", "Quentin", "Rosa", "Sven", "Tamar",
    "Ulrich", "Vera", "Wanda", "Xenia", "Yusuf", "Zoe", "Anselm", "Beatriz", "Cyril",
    "Dora", "Emil",
)  # fmt: skip
TOWNS = (
    "Aveiro", "Bergen", "Cluj", "Delft", "Evora", "Faro", "Ghent", "Halle", "Izmir", "Jena",
    "Kaunas", "Lucca", "Malmo", "Nantes", "Olomouc", "Porto", "Quimper", "Riga", "Siena",
    "Trieste", "Uppsala", "Varna", "Wexford", "York", "Zadar", "Annecy", "Bath", "Cork",
    "Dijon", "Essen",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Topic:
    """What is said of a happening, how it is retold, and the things it can be about.

    `{name}`, `{town}` and `{thing}` stand for the details.
    """

    said: tuple[str, ...]
    retold: tuple[str, ...]
    things: tuple[str, ...]


TOPICS = (
    Topic(
        (
            "Guess what, {name} got married in {town} on Saturday!",
            "No way! Did you go to the wedding?",
            "Yes, and my present was {thing}, the bride laughed out loud.",
            "That sounds like a lovely party.",
        ),
        (
            "the marriage ceremony of {name} over in {town}, with {thing} as a gift",
            "how {name} tied the knot at {town} and was handed {thing} by a guest",
        ),
        ("a copper kettle", "a chess set", "a hammock", "a fondue pot", "a telescope"),
    ),
    Topic(
        (
            "My flight to {town} was cancelled, I am stuck here.",
            "Oh dear. Is anybody waiting for you?",
            "{name} is, and {thing} is in my lost suitcase as well.",
            "The airline has to pay for that, ask them.",
        ),
        (
            "the plane for {town} that never took off, while {name} stood waiting and {thing} "
            "went missing with the luggage",
            "trouble at the airport on the way to see {name} in {town}, baggage with {thing} gone",
        ),
        ("my violin bow", "a camera", "the visa", "a winter coat", "the medal"),
    ),
    Topic(
        (
            "I tried to bake {thing} with {name} yesterday.",
            "How did it turn out?",
            "The oven caught fire, so we ate at a diner in {town} instead.",
            "You two should stick to salads.",
        ),
        (
            "the cooking of {thing} alongside {name} that ended in flames and a meal out in {town}",
            "when {name} and a friend burned {thing} and had supper at a place in {town}",
        ),
        ("a rhubarb pie", "sourdough", "a lasagne", "macarons", "a walnut cake"),
    ),
    Topic(
        (
            "Big news: I accepted the job in {town}.",
            "Congratulations! Who will be your boss?",
            "{name}, and the first project is about {thing}.",
            "You will be brilliant at that.",
        ),
        (
            "the new position in {town} under {name}, starting with {thing}",
            "being hired by {name}'s company at {town} to work on {thing}",
        ),
        ("bridge sensors", "school menus", "bus timetables", "solar pumps", "museum tickets"),
    ),
    Topic(
        (
            "We hiked up the hill behind {town} with {name}.",
            "In this weather? You are brave.",
            "Near the top we found {thing} lying in the grass.",
            "Did you take it home with you?",
        ),
        (
            "the mountain walk around {town} in the company of {name}, where {thing} turned up",
            "{name} coming along on a trek by {town}, and the discovery of {thing}",
        ),
        ("a rusty sword", "a fossil", "a wallet", "a drone", "an owl feather"),
    ),
    Topic(
        (
            "{name} broke an arm, I just left the hospital in {town}.",
            "How on earth did that happen?",
            "By falling over {thing} on the stairs.",
            "Poor soul, send my best wishes.",
        ),
        (
            "the accident of {name}, who tripped on {thing} and was treated at a clinic in {town}",
            "a fractured limb because of {thing}: {name} with the doctors of {town}",
        ),
        ("a skateboard", "the vacuum cleaner", "a sleeping dog", "a toy train", "a bucket"),
    ),
    Topic(
        (
            "The concert of {name}'s band in {town} was sold out.",
            "Did you get in anyway?",
            "Through the back door, and I came home with {thing}.",
            "I envy you, their songs are great.",
        ),
        (
            "live music by {name}'s group at {town}, entered without tickets, and {thing} as a "
            "souvenir",
            "sneaking into the gig that {name} played in {town} and keeping {thing}",
        ),
        ("a drumstick", "a signed poster", "a broken string", "a tambourine", "the setlist"),
    ),
    Topic(
        (
            "I am selling my flat and moving in with {name}.",
            "Where will you two live?",
            "In {town}. The old tenants left {thing} in the cellar.",
            "Every house has its secrets.",
        ),
        (
            "sharing a home in {town} with {name}, and {thing} found in its basement",
            "the apartment given up for a place with {name} at {town}, where {thing} had been "
            "left behind",
        ),
        ("a piano", "forty jars of honey", "a canoe", "a stuffed fox", "a printing press"),
    ),
    Topic(
        (
            "{name} and I adopted a puppy from the shelter in {town}.",
            "How sweet! Is it well behaved?",
            "Not at all, on day one it chewed up {thing}.",
            "A trainer might help with that.",
        ),
        (
            "the young dog taken in together with {name} at {town} that destroyed {thing}",
            "{name}'s new four-legged friend out of {town}, and the end of {thing}",
        ),
        ("a passport", "the remote control", "a wedding album", "leather boots", "the router"),
    ),
    Topic(
        (
            "I signed up for a pottery course in {town} with {name}.",
            "What have you made so far?",
            "My first piece is {thing}, rather crooked.",
            "Crooked is charming, keep it.",
        ),
        (
            "clay lessons at {town} beside {name} and a wonky {thing}",
            "learning ceramics from scratch in {town} together with {name}, beginning with {thing}",
        ),
        ("an egg cup", "a lamp", "a tea bowl", "an ashtray", "a salt pig"),
    ),
    Topic(
        (
            "I lost a bet to {name} about the match in {town}.",
            "What was the stake?",
            "{thing}, and I have to hand it over tomorrow.",
            "You never learn, do you?",
        ),
        (
            "the wager on the {town} game that {name} won, with {thing} as the price",
            "owing {name} {thing} since the team at {town} was beaten",
        ),
        ("a crate of beer", "a season ticket", "my bicycle", "a month of dishes", "a haircut"),
    ),
    Topic(
        (
            "{name} is teaching me to drive, we practise in {town}.",
            "And are you any good at it?",
            "Today I reversed into {thing}.",
            "Then I will keep taking the bus.",
        ),
        (
            "driving lessons from {name} around {town} and the collision with {thing}",
            "backing the car into {thing} while {name} gave instructions at {town}",
        ),
        ("a fountain", "a flower stall", "a police van", "a phone booth", "a statue"),
    ),
)
CHATTER = (
    ("Good morning, did you sleep well?", "Like a stone, thanks. And you?"),
    ("It has been raining here since noon.", "Same here, my umbrella gave up."),
    ("Sorry, I have to run, talk later!", "No problem, take care."),
    ("I am so tired of these long meetings.", "Hang in there, the weekend is near."),
    ("Have you eaten yet?", "Just a sandwich at my desk."),
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One happening: ids of the turns that tell it, and its retelling."""

    turns: tuple[str, ...]
    retold: str


@dataclass(frozen=True, slots=True)
class Diary:
    """The conversation and its segments, both in order of time."""

    turns: tuple[Turn, ...]
    segments: tuple[Segment, ...]


def diary(*, segments: int, seed: int = 0) -> Diary:
    """A conversation of that many segments, three a session and two sessions a week."""
    rng = np.random.default_rng(seed)
    turns: list[Turn] = []
    told: list[Segment] = []
    for number, (topic, details) in enumerate(_happenings(rng, segments)):
        session = number // 3
        if number % 3 == 0:
            time = FIRST_DAY + timedelta(days=3.5 * session, hours=float(rng.uniform(8, 20)))
            time = _say(turns, CHATTER[int(rng.integers(len(CHATTER)))], session, time)
        first = len(turns)
        time = _say(turns, [line.format(**details) for line in topic.said], session, time)
        retold = topic.retold[int(rng.integers(len(topic.retold)))].format(**details)
        told.append(Segment(tuple(turn.id for turn in turns[first:]), retold))
    return Diary(tuple(turns), tuple(told))


def _say(
    turns: list[Turn], lines: tuple[str, ...] | list[str], session: int, time: datetime
) -> datetime:
    for line in lines:
        speaker = SPEAKERS[len(turns) % 2]
        turns.append(Turn(line, speaker, "user", time, session=f"s{session}", id=f"t{len(turns)}"))
        time += timedelta(minutes=2)
    return time


def _happenings(rng: np.random.Generator, count: int) -> Iterator[tuple[Topic, dict[str, str]]]:
    """Topics in a shuffled round, so that none follows itself; details drawn anew, never twice."""
    used: set[tuple[str, ...]] = set()
    order: list[int] = []
    while count:
        if not order:
            order = rng.permutation(len(TOPICS)).tolist()
        topic = TOPICS[order.pop()]
        name, town, thing = (str(rng.choice(of)) for of in (NAMES, TOWNS, topic.things))
        if (name, town, thing) not in used:
            used.add((name, town, thing))
            count -= 1
            yield topic, {"name": name, "town": town, "thing": thing}
