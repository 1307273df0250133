"""Making a walk from its name."""

from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.walk.base import Walk
from knowhen.graphs.walk.power import PowerWalk
from knowhen.graphs.walk.prpack import PrpackWalk
from knowhen.graphs.walk.push import PushWalk

WALKS = ("push", "power", "exact", "none")


def make_walk(name: str) -> Walk | None:
    """`push` (local, default), `power` (exact, numpy), `exact` (igraph's prpack) or `none`.

    Raises:
        InvalidInput: no walk has that name.
    """
    if name == "none":
        return None
    if name == "push":
        return PushWalk()
    if name == "power":
        return PowerWalk()
    if name == "exact":
        return PrpackWalk()
    raise InvalidInput(f"no walk {name!r}; use one of {', '.join(WALKS)}")
