"""Async twins: methods that leave the event loop free while they read, write or think."""

from collections.abc import Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

Owner = TypeVar("Owner")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def twin(
    method: Callable[Concatenate[Owner, Arguments], Result],
) -> Callable[Concatenate[Owner, Arguments], Coroutine[Any, Any, Result]]:
    """The same method to `await`: it takes and gives the same, and works in a thread.

    `arecall = twin(recall)` in a class makes `await memory.arecall(query)`.
    """

    async def awaited(owner: Owner, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        import asyncio  # whoever awaits has it; a program that never does need not load it

        return await asyncio.to_thread(method, owner, *args, **kwargs)

    update_wrapper(awaited, method)
    awaited.__name__ = f"a{method.__name__}"
    awaited.__qualname__ = method.__qualname__.replace(method.__name__, awaited.__name__)
    awaited.__doc__ = f"`{method.__name__}` without blocking the event loop."
    return awaited
