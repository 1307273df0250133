"""What kind of utterance a query is: small talk, work on text, a question, something personal.

The rules are English; in other languages only "I", "my" and the question mark speak, and the
decision rests on what the search found.
"""

import re

from knowhen.memory.language.base import Utterance
from knowhen.memory.language.detection import stop_words
from knowhen.memory.language.pronouns import WE, names_the_speaker
from knowhen.memory.language.terms import words

_GREETING = re.compile(
    r"^\W*(?:hi|hiya|hello|hey|yo|good (?:morning|night|evening|afternoon|day)|welcome|happy|merry|"
    r"thanks?|thank you|thx|cheers|ok(?:ay)?|alright|all right|cool|great|nice|perfect|awesome|"
    r"amazing|wonderful|excellent|lol|lmao|ha(?:ha)+\w*|bye|goodbye|see (?:you|ya)|take care|"
    r"sorry|oops|wow|oh|ah|aha|hm+|yay|ugh|phew|yes|yeah|yep|yup|no|nope|nah|sure|fine|right|"
    r"exactly|indeed|absolutely|totally|definitely|maybe|congrat\w*|good (?:luck|job|point)|"
    r"well done|got it|i see|makes? sense|sounds good|fair enough|never ?mind|"
    r"no (?:worries|problem)|"
    r"my pleasure|you(?:'re| are) (?:welcome|right|funny|the best)|same here|me too|not really|"
    r"just kidding|long time no see|have a (?:great|good|nice|lovely)|talk to you|please|go on)\b",
    re.IGNORECASE,
)
_ABOUT_THE_TALK = re.compile(
    r"\b(?:how(?:'s| is| are|'re) (?:it going|you\b|things|life)|"
    r"how (?:was|is) your (?:day|week\w*)|"
    r"what(?:'s| is) (?:up|new)\b|are you (?:still )?(?:there|ok|okay|a (?:robot|bot|human|person)|"
    r"real)\b|who (?:made|built|created) you|what can you do|what do you mean|"
    r"(?:can|could) you (?:repeat|explain|help me|say) ?(?:that|this|it|with something|again)?\b|"
    r"what time is it|do you (?:like|love|enjoy|think|want|sleep|eat)\b|say (?:that|it) again|"
    r"make (?:it|that|this) (?:short|simpl|long)\w*|"
    r"tell me (?:a |another )?(?:joke|something|story)|"
    r"let(?:'s| us) (?:play|change)|give me a (?:second|minute|moment)|hold on|"
    r"let me know|sorry to hear|just me or|stop it)\b",
    re.IGNORECASE,
)
_WORK = re.compile(
    r"^\W*(?:please\s+|(?:can|could|would) you (?:please )?)?(?:translate|rewrite|rephrase|"
    r"fix|correct|"
    r"proofread|paraphrase|compose|calculate|compute|convert|format|spell|sing|count|flip|"
    r"pick (?:a|an|one)\b|ask me|roll|draw|imagine|pretend|"
    r"write (?:me )?(?:a|an)\b|summari[sz]e (?:this|the following)|give me a synonym|"
    r"how do (?:you|i) say)\b",
    re.IGNORECASE,
)
_RECALLING = re.compile(
    r"\b(?:(?:do|can|did) (?:you|i) (?:still )?(?:remember|recall|forget)|"
    r"remember (?:when|what|that|the)|"
    r"(?:i|you|we) (?:forgot|forget|remember)|remind me|last time (?:i|we|you)|previously|"
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
_ASKING = re.compile(
    r"^\W*(?:(?:what|who|whose|which|how)(?:['’]s|\s+(?:\w+\s+){0,2}?(?:is|are|was|were|do|does|did|"
    r"can|could|will|would|should|has|have|had))|(?:when|where|why)(?:['’]s|\s+(?:is|are|was|were|do|"
    r"does|did|can|could|will|would|should|has|have|had))|(?:is|are|was|were|do|does|did|can|could|"
    r"will|would|has|have|had|should)\s+(?:i|you|we|my|your|our|he|she|it|they|the|there))\b",
    re.IGNORECASE,
)
_MORE = re.compile(r"[.!?]\s+\w")
# What belongs to a person rather than to the world: "What is Kim's blood type?"
_ATTRIBUTE = re.compile(
    r"\b\w+(?:'s|’s)\s+(?:\w+\s+)?(?:blood|birthday|job|boss|pet|dog|cat|kids?|child(?:ren)?|sister|"
    r"brother|mother|mom|mum|father|dad|parents|wife|husband|partner|girlfriend|boyfriend|friends?|"
    r"hobb(?:y|ies)|favou?rite|address|phone|number|email|e-mail|password|allerg\w+|plans?|"
    r"appointment|salary|house|flat|apartment|car|room|holiday|vacation|weekend|family)\b",
    re.IGNORECASE,
)
# A text of nothing but these and function words says nothing that memory could add to.
_CHATTER = frozenset(
    words(
        "ok okay well yes no please thanks thank welcome hi hello hey bye night morning "
        "evening afternoon day days week weekend year today tonight tomorrow later soon now "
        "again back time nice good great fine cool awesome perfect lovely beautiful amazing "
        "wonderful funny crazy awful sad glad happy tired bored hungry sleepy cold hot busy "
        "ready sorry sure true right wrong interesting fun lol haha wow oh ah hmm ugh yay brb "
        "luck fingers crossed care worries worry problem pleasure cheers help appreciate "
        "thinking think guess know knows mean agree hope wish feel feeling doing going go "
        "goes get got come coming let let's see say said tell talk chat ask question thing "
        "things something anything nothing everything everyone anyone listening wait hold "
        "second minute moment sec stop continue start change topic try joke joking kidding "
        "test oops wonder maybe really totally actually exactly absolutely too also much lot "
        "bit little like long there here what's how's that's it's i'm you're raining rain "
        "sunny weather song music play game love best friday monday saturday sunday"
    )
)
_HELP = re.compile(
    r"^\W*(?:please\s+)?(?:(?:can|could|would|will) you|help|advise|recommend|suggest|"
    r"teach|explain|"
    r"give|show|how (?:do|can|should|would|could) (?:i|we)|(?:can|could|should|may|must) (?:i|we)|"
    r"(?:what|where|when|which|who) (?:\w+ ){0,2}?(?:should|can|could|must) (?:i|we)|"
    r"is it (?:\w+ )?(?:if|for me to) (?:i|we)?|any (?:ideas|tips|advice))\b",
    re.IGNORECASE,
)
_MYSELF = frozenset(("i", "i'm", "i've", "my"))


def read_utterance(text: str) -> Utterance:
    """Read the kind of utterance off its words."""
    found = words(text)
    recalling = bool(_RECALLING.search(text))
    question = bool(_QUESTION.search(text))
    about_self = names_the_speaker(found) or not WE.isdisjoint(found)
    attribute = bool(_ATTRIBUTE.search(text))
    small_talk = not recalling and _chats(text, found, asking=question and about_self)
    work = bool(_WORK.match(text)) and not recalling
    return Utterance(
        small_talk=small_talk,
        work=work,
        question=question and not small_talk,
        request=bool(_REQUEST.match(text)) and not small_talk,
        personal=(about_self or attribute or recalling) and not small_talk,
        recalling=recalling,
        help=bool(_HELP.match(text)) and not recalling,
        words=len(found),
    )


def asks(text: str) -> bool:
    """Whether a text is one sentence that asks for something and tells nothing."""
    if _MORE.search(text):
        return False
    return text.rstrip().endswith(("?", "？", "؟")) or bool(
        _ASKING.match(text) or _REQUEST.match(text)
    )


def _chats(text: str, found: list[str], *, asking: bool) -> bool:
    """Whether it is talk for its own sake; `asking` is a question of the speaker's own affairs."""
    if _ABOUT_THE_TALK.search(text):
        return len(found) <= 10 and not _MYSELF.intersection(found)
    if asking or len(found) > 12:
        return False
    greeting = _GREETING.match(text)
    if greeting and len(found) <= 8:
        rest = text[greeting.end() :]
        return not (_QUESTION.search(rest) or _REQUEST.match(rest)) or _only_chatter(words(rest))
    return _only_chatter(found)


def _only_chatter(found: list[str]) -> bool:
    return all(word in _CHATTER or word in stop_words()["en"] for word in found)
