"""What kind of utterance a query is: small talk, work on text, a question, something personal.

The rules are English; in other languages only the question mark speaks, and the decision rests
on what the search found.
"""

import re
from dataclasses import dataclass

from knowhen.memory.text.analyzer import words

_GREETING = re.compile(
    r"^\W*(?:hi|hiya|hello|hey|yo|good (?:morning|night|evening|afternoon|day)|welcome|happy|merry|"
    r"thanks?|thank you|thx|cheers|ok(?:ay)?|alright|all right|cool|great|nice|perfect|awesome|"
    r"amazing|wonderful|excellent|lol|lmao|ha(?:ha)+\w*|bye|goodbye|see (?:you|ya)|take care|"
    r"sorry|oops|wow|oh|ah|aha|hm+|yay|ugh|phew|yes|yeah|yep|yup|no|nope|nah|sure|fine|right|"
    r"exactly|indeed|absolutely|totally|definitely|maybe|congrat\w*|good (?:luck|job|point)|"
    r"well done|got it|i see|makes? sense|sounds good|fair enough|never ?mind|no (?:worries|problem)|"
    r"my pleasure|you(?:'re| are) (?:welcome|right|funny|the best)|same here|me too|not really|"
    r"just kidding|long time no see|have a (?:great|good|nice|lovely)|talk to you|please|go on)\b",
    re.IGNORECASE,
)
_ABOUT_THE_TALK = re.compile(
    r"\b(?:how(?:'s| is| are|'re) (?:it going|you\b|things|life)|how (?:was|is) your (?:day|week\w*)|"
    r"what(?:'s| is) (?:up|new)\b|are you (?:still )?(?:there|ok|okay|a (?:robot|bot|human|person)|"
    r"real)\b|who (?:made|built|created) you|what can you do|what do you mean|"
    r"(?:can|could) you (?:repeat|explain|help me|say) ?(?:that|this|it|with something|again)?\b|"
    r"what time is it|do you (?:like|love|enjoy|think|want|sleep|eat)\b|say (?:that|it) again|"
    r"make (?:it|that|this) (?:short|simpl|long)\w*|tell me (?:a |another )?(?:joke|something|story)|"
    r"let(?:'s| us) (?:play|change)|give me a (?:second|minute|moment)|hold on)",
    re.IGNORECASE,
)
_WORK = re.compile(
    r"^\W*(?:please\s+|(?:can|could|would) you (?:please )?)?(?:translate|rewrite|rephrase|fix|correct|"
    r"proofread|paraphrase|compose|calculate|compute|convert|format|spell|sing|count to|flip|"
    r"write (?:me )?(?:a|an)\b|summari[sz]e (?:this|the following)|give me a synonym|"
    r"how do (?:you|i) say)\b",
    re.IGNORECASE,
)
_RECALLING = re.compile(
    r"\b(?:remember|recall|remind(?:ed)?|forg[eo]t\w*|last time|earlier|previous(?:ly)?|"
    r"(?:did|have|had) (?:i|we|you) (?:\w+ )?(?:said?|tell|told|mention\w*|talk\w*|discuss\w*)|"
    r"(?:i|we|you)(?:'d|'ve| had| have)? (?:said|told|mentioned|talked|discussed|agreed|decided)|"
    r"our (?:conversations?|chats?|talks?|discussions?))\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\?|？|؟|^\W*(?:who|whose|whom|what|when|where|which|why|how|is|are|was|were|do|does|did|can|"
    r"could|will|would|has|have|had|should)\b",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"^\W*(?:please\s+)?(?:tell|show|list|name|give|explain|describe|find|remind|summari[sz]e|"
    r"compare|recommend|suggest|help)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:when|yesterday|ago|last (?:night|week\w*|month|year|spring|summer|autumn|fall|winter)|"
    r"how long|since|recently|first time|before|after|(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
# What belongs to a person rather than to the world: "What is Kim's blood type?"
_ATTRIBUTE = re.compile(
    r"\b\w+(?:'s|’s)\s+(?:\w+\s+)?(?:blood|birthday|job|boss|pet|dog|cat|kids?|child(?:ren)?|sister|"
    r"brother|mother|mom|mum|father|dad|parents|wife|husband|partner|girlfriend|boyfriend|friends?|"
    r"hobb(?:y|ies)|favou?rite|address|phone|number|email|e-mail|password|allerg\w+|plans?|"
    r"appointment|salary|house|flat|apartment|car|room|holiday|vacation|weekend|family)\b",
    re.IGNORECASE,
)
_SELF = frozenset(
    ("i", "i'm", "i've", "i'd", "i'll", "me", "my", "mine", "myself")
    + ("we", "we're", "we've", "we'd", "we'll", "us", "our", "ours")
)


@dataclass(frozen=True, slots=True)
class Utterance:
    """What the words of a query say about what it wants."""

    small_talk: bool
    work: bool
    """Asks for work on a text or a number that it brings along."""
    question: bool
    request: bool
    personal: bool
    """Speaks of the speaker, of us, or of something that belongs to a person."""
    recalling: bool
    """Points back at what was said."""
    temporal: bool
    words: int


def read_utterance(text: str) -> Utterance:
    """Read the kind of utterance off its words."""
    found = words(text)
    greeting = bool(_GREETING.match(text))
    recalling = bool(_RECALLING.search(text))
    question = bool(_QUESTION.search(text))
    about_talk = bool(_ABOUT_THE_TALK.search(text))
    short = len(found) <= 8
    chatting = (greeting and short and not (question and len(found) > 3)) or (
        about_talk and len(found) <= 10
    )
    return Utterance(
        small_talk=chatting and not recalling,
        work=bool(_WORK.match(text)) and not recalling,
        question=question,
        request=bool(_REQUEST.match(text)),
        personal=bool(_SELF.intersection(found)) or bool(_ATTRIBUTE.search(text)) or recalling,
        recalling=recalling,
        temporal=bool(_TIME.search(text)),
        words=len(found),
    )
