"""A reranker without a model: the share of the query's terms that a text holds."""

from collections.abc import Sequence

from knowhen.memory.language.terms import terms


class OverlapReranker:
    """The shipped fake: deterministic, and good enough to see that reranking takes place."""

    name = "overlap"

    def relevances(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        wanted = set(terms(query))
        return [len(wanted.intersection(terms(text))) / (len(wanted) or 1) for text in texts]
