"""A memory for `langchain.agents.create_agent`, as middleware."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Annotated, Any, NotRequired

from knowhen.agents.extras import extra
from knowhen.agents.mind import Mind
from knowhen.agents.minds import Minds
from knowhen.memory.closing import Closing
from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Turn

with extra("langchain"):
    from langchain.agents.middleware import AgentMiddleware
    from langchain.agents.middleware.types import (
        AgentState,
        ModelRequest,
        ModelResponse,
        PrivateStateAttr,
    )
    from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage
    from langgraph.channels import UntrackedValue
    from langgraph.runtime import Runtime

Namespace = str | Callable[[Runtime[Any]], str] | None


class MemoryState(AgentState[Any]):
    """The agent's state and what was recalled for this run, which no checkpoint keeps."""

    knowhen_prompt: NotRequired[Annotated[str, UntrackedValue, PrivateStateAttr]]


class MemoryMiddleware(AgentMiddleware[MemoryState, Any, Any], Closing):
    """Recalls before the model is called, remembers what user and model said.

    The recalled text joins the system message of each model call and nothing else: it is not in
    the agent's messages, its result or its checkpoints. A turn's id follows from thread and
    message id, so that a run that is repeated remembers nothing twice.

    Args:
        namespace: the space, such as a user's name; or a function of the runtime that names it,
            such as `lambda runtime: runtime.context.user_id`. None is the memory's own space.
        budget: tokens by which memory may lengthen a prompt.
        gate: leave it to the gate whether memory is used.
    """

    state_schema = MemoryState

    def __init__(
        self,
        memory: MemoryManager,
        *,
        namespace: Namespace = None,
        budget: int = 1024,
        gate: bool = True,
    ) -> None:
        super().__init__()
        self.tools = []
        self._namespace = namespace
        self._minds = Minds(memory, budget=budget, gate=gate)

    def before_agent(self, state: MemoryState, runtime: Runtime[Any]) -> dict[str, Any]:
        """Recall for what the user said, then store it: a question does not find itself."""
        mind = self._mind(runtime)
        asked = list(_asked(state["messages"]))
        prompt = mind.prompt("\n".join(str(message.text) for message in asked))
        mind.keep(self._turns(mind, asked, runtime))
        return {"knowhen_prompt": prompt}

    async def abefore_agent(self, state: MemoryState, runtime: Runtime[Any]) -> dict[str, Any]:
        return await asyncio.to_thread(self.before_agent, state, runtime)

    def wrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], ModelResponse[Any]],
    ) -> ModelResponse[Any]:
        """Put what was recalled at the end of the system message."""
        return handler(self._with_memory(request))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        return await handler(await asyncio.to_thread(self._with_memory, request))

    def after_agent(self, state: MemoryState, runtime: Runtime[Any]) -> None:
        """Store what the model said since the user spoke."""
        mind = self._mind(runtime)
        mind.keep(self._turns(mind, _said(state["messages"]), runtime))

    async def aafter_agent(self, state: MemoryState, runtime: Runtime[Any]) -> None:
        await asyncio.to_thread(self.after_agent, state, runtime)

    def close(self) -> None:
        """Settle and end the background thread; the memory stays open."""
        self._minds.close()

    def _mind(self, runtime: Runtime[Any]) -> Mind:
        namespace = self._namespace
        return self._minds.of(namespace(runtime) if callable(namespace) else namespace)

    def _with_memory(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        prompt = request.state.get("knowhen_prompt")
        if prompt is None:  # a run that was resumed: what it had recalled is not in checkpoints
            asked = _asked(request.messages) or [m for m in request.messages if _is_human(m)][-1:]
            query = "\n".join(str(message.text) for message in asked)
            prompt = self._mind(request.runtime).prompt(query)
        if not prompt:
            return request
        return request.override(system_message=_joined(request.system_message, str(prompt)))

    def _turns(
        self, mind: Mind, messages: Sequence[AnyMessage], runtime: Runtime[Any]
    ) -> Iterator[Turn | None]:
        thread = _thread(runtime)
        for message in messages:
            yield mind.turn(
                str(message.text),
                role="user" if _is_human(message) else "assistant",
                speaker=str(message.name or ""),
                session=thread or "chat",
                id=_turn_id(thread, message.id),
            )


def _asked(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The user's messages that nobody has answered yet."""
    asked: list[AnyMessage] = []
    for message in reversed(messages):
        if not _is_human(message):
            break
        asked.insert(0, message)
    return asked


def _said(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The model's texts since the user's last message."""
    last = max((n for n, message in enumerate(messages) if _is_human(message)), default=-1)
    return [message for message in messages[last + 1 :] if isinstance(message, AIMessage)]


def _is_human(message: AnyMessage) -> bool:
    return isinstance(message, HumanMessage)


def _joined(system: SystemMessage | None, prompt: str) -> SystemMessage:
    if system is None:
        return SystemMessage(prompt)
    if isinstance(system.content, str):
        return SystemMessage(f"{system.content}\n\n{prompt}")
    return SystemMessage(content=[*system.content, {"type": "text", "text": f"\n\n{prompt}"}])


def _thread(runtime: Runtime[Any]) -> str:
    info = runtime.execution_info
    return (info.thread_id if info is not None else None) or ""


def _turn_id(thread: str, message: str | None) -> str:
    if not message:
        return ""
    return hashlib.blake2b(f"{thread}\0{message}".encode(), digest_size=6).hexdigest()
