"""Recognition memory: filters candidate facts by a model, a reranker or rules."""

from knowhen.graphs.recognition.base import Recogniser, Recognition, RecognitionFailed, keep_all
from knowhen.graphs.recognition.fake import ScriptedRecogniser
from knowhen.graphs.recognition.model import Ask, ModelRecogniser
from knowhen.graphs.recognition.reranker import RerankRecogniser, Score
from knowhen.graphs.recognition.rules import RuleRecogniser

__all__ = [
    "Ask",
    "ModelRecogniser",
    "Recogniser",
    "Recognition",
    "RecognitionFailed",
    "RerankRecogniser",
    "RuleRecogniser",
    "Score",
    "ScriptedRecogniser",
    "keep_all",
]
