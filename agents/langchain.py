"""LangChain: middleware for `create_agent`, a retriever, tools, and a chat history."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Annotated, Any, NotRequired

from knowhen.agents.mind import FAILED, RECENT, GateMode, Mind, Minds, digest
from knowhen.agents.prompt import own_words
from knowhen.agents.transcript import Item, Transcript, as_payload
from knowhen.memory.closing import Closing
from knowhen.memory.errors import KnowhenError, extra
from knowhen.memory.fence import fenced
from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Recollection, Role, Turn

with extra("langchain"):
    from langchain.agents.middleware import AgentMiddleware
    from langchain.agents.middleware.types import (
        AgentState,
        ModelRequest,
        ModelResponse,
        PrivateStateAttr,
    )
    from langchain_core.callbacks import (
        AsyncCallbackManagerForRetrieverRun,
        CallbackManagerForRetrieverRun,
    )
    from langchain_core.chat_history import BaseChatMessageHistory
    from langchain_core.documents import Document
    from langchain_core.messages import (
        AIMessage,
        AnyMessage,
        BaseMessage,
        HumanMessage,
        SystemMessage,
        message_to_dict,
        messages_from_dict,
    )
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.tools import BaseTool, StructuredTool
    from langgraph.channels import UntrackedValue
    from langgraph.runtime import Runtime
    from pydantic import ConfigDict

Namespace = str | Callable[[Runtime[Any]], str] | None

NOTHING = "Memory holds nothing on this."
UNREAD = "Memory could not be searched just now."
UNWRITTEN = (
    "Not stored yet: memory cannot be written just now. It is stored with the next thing that is "
    "remembered, unless the program ends before."
)
_ROLES: dict[str, Role] = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool"}


class MemoryState(AgentState[Any]):
    """The agent's state and what was recalled for this run, which no checkpoint keeps."""

    knowhen_prompt: NotRequired[Annotated[str, UntrackedValue, PrivateStateAttr]]
    knowhen_front: NotRequired[Annotated[str, UntrackedValue, PrivateStateAttr]]


class MemoryMiddleware(AgentMiddleware[MemoryState, Any, Any], Closing):
    """Recalls before the model is called, remembers what user and model said.

    Who is spoken with joins the system message of each model call, what was recalled goes beside
    what the user said last. Neither is in the agent's messages, its result or its checkpoints. A
    turn's id follows from thread and message id, so that a run that is repeated remembers nothing
    twice.

    Args:
        namespace: the space, such as a user's name; or a function of the runtime that names it,
            such as `lambda runtime: runtime.context.user_id`. None is the memory's own space.
        budget: tokens by which memory may lengthen a prompt.
        gate: `on` leaves it to the gate whether memory is used; `off` does not ask it, and `shadow`
            only logs what it decides.
    """

    state_schema = MemoryState

    def __init__(
        self,
        memory: MemoryManager,
        *,
        namespace: Namespace = None,
        budget: int = 1024,
        gate: GateMode = "on",
    ) -> None:
        super().__init__()
        self.tools = []
        self._namespace = namespace
        self._minds = Minds(memory, budget=budget, gate=gate)

    def before_agent(self, state: MemoryState, runtime: Runtime[Any]) -> dict[str, Any]:
        """Recall for what the user said, then store it: a question does not find itself."""
        mind = self._mind(runtime)
        asked = list(_asked(state["messages"]))
        before = state["messages"][: len(state["messages"]) - len(asked)]
        added = self._added(mind, asked, before, runtime)
        mind.keep(self._turns(mind, asked, runtime))
        return added

    async def abefore_agent(self, state: MemoryState, runtime: Runtime[Any]) -> dict[str, Any]:
        return await asyncio.to_thread(self.before_agent, state, runtime)

    def wrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], ModelResponse[Any]],
    ) -> ModelResponse[Any]:
        """Put the profile at the end of the system message, what was recalled at the question."""
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

    def _added(
        self,
        mind: Mind,
        asked: Sequence[AnyMessage],
        before: Sequence[AnyMessage],
        runtime: Runtime[Any],
    ) -> dict[str, str]:
        said = [m for m in before if isinstance(m, HumanMessage | AIMessage)]
        recent = [t for t in self._turns(mind, said[-RECENT:], runtime) if t is not None]
        asker = str(asked[-1].name) if asked and asked[-1].name else None
        query = "\n".join(str(message.text) for message in asked)
        front = mind.front(asker)
        prompt = mind.prompt(query, recent=recent, asker=asker, front=front)
        return {"knowhen_prompt": prompt, "knowhen_front": front}

    def _with_memory(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        messages = request.messages
        added = {name: request.state.get(name) for name in ("knowhen_prompt", "knowhen_front")}
        start, end = _last_said(messages)
        if added["knowhen_prompt"] is None:  # a run that was resumed: checkpoints do not have it
            mind = self._mind(request.runtime)
            found = self._added(mind, messages[start:end], messages[:start], request.runtime)
            added = {**found}
        changes: dict[str, Any] = {}
        if front := added["knowhen_front"]:
            changes["system_message"] = _joined(request.system_message, str(front))
        if (prompt := added["knowhen_prompt"]) and start < end:
            beside = _beside(messages[start], str(prompt))
            changes["messages"] = [*messages[:start], beside, *messages[start + 1 :]]
        return request.override(**changes) if changes else request

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


def _last_said(messages: Sequence[AnyMessage]) -> tuple[int, int]:
    """From where to where the user's last messages stand, answered or not."""
    end = max((n + 1 for n, message in enumerate(messages) if _is_human(message)), default=0)
    return end - len(_asked(messages[:end])), end


def _beside(message: AnyMessage, prompt: str) -> AnyMessage:
    """The message with what was recalled at its head."""
    content = message.content
    if isinstance(content, str):
        return message.model_copy(update={"content": f"{prompt}\n\n{content}"})
    parts = [{"type": "text", "text": prompt}, *content]
    return message.model_copy(update={"content": parts})


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
    return digest(thread, message)


class KnowhenRetriever(BaseRetriever):
    """Recalls the turns and documents that answer a query, best first.

    Each document's text is the turn's own, verbatim; `metadata` holds id, score, time (ISO),
    speaker, kind and sources.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    memory: MemoryManager
    k: int = 5
    """How many documents; at most the memory's own `limit`, 50 unless it was opened otherwise."""
    gate: bool = False
    """Give nothing when the gate decides that memory has no part in the query."""

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun | None = None,
        k: int | None = None,
    ) -> list[Document]:
        recall = self.memory.recall(query, gate=self.gate)
        if self.gate and recall.decision.action != "recall":
            return []
        turns = [item for item in recall.items if item.kind == "turn"]
        return [_document(item) for item in turns[: self.k if k is None else k]]

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun | None = None,
        k: int | None = None,
    ) -> list[Document]:
        return await asyncio.to_thread(self._get_relevant_documents, query, k=k)


def _document(item: Recollection) -> Document:
    return Document(
        id=item.id,
        page_content=item.text,
        metadata={
            "id": item.id,
            "kind": item.kind,
            "score": item.score,
            "time": item.time.isoformat() if item.time else None,
            "speaker": item.speaker,
            "sources": list(item.sources),
        },
    )


def make_memory_tools(
    memory: MemoryManager, *, budget: int = 1024, speaker: str = "user", session: str = "notes"
) -> list[BaseTool]:
    """The tools `remember`, `recall` and `forget`, for `create_agent(tools=...)` or any graph.

    What is recalled comes fenced, as data. `forget` takes only ids of turns, so that no text in
    memory can talk a model into erasing more than what it names.
    """
    mind = Mind(memory, budget=budget, gate="off")

    def remember(text: str) -> str:
        """Remember a fact, preference or plan for later conversations, in one plain sentence."""
        turn = mind.turn(own_words(text), speaker=speaker, session=session)
        if turn is None:
            return "There was nothing to remember."
        return f"Remembered as ({turn.id})." if mind.keep([turn]) else UNWRITTEN

    def recall(query: str) -> str:
        """Search long-term memory of earlier conversations, in the words of the question."""
        found = mind.recall(query)
        if found.context:
            return fenced(found.context)
        failed = any(note.startswith(FAILED) for note in found.notes)
        return UNREAD if failed else NOTHING

    def forget(ids: list[str]) -> str:
        """Erase turns for good, by the ids that recall shows in parentheses."""
        try:
            receipt = memory.forget(turns=ids)
        except KnowhenError as error:
            return f"Nothing was forgotten: {error}"
        return f"Forgot {len(receipt.turns)} turns and {len(receipt.thoughts)} thoughts."

    return [StructuredTool.from_function(tool) for tool in (remember, recall, forget)]


class KnowhenChatMessageHistory(BaseChatMessageHistory, Closing):
    """A session's messages, exactly as they were added, and recalled like everything else.

    LangChain deprecates the base class; new code takes `MemoryMiddleware`.
    """

    def __init__(self, memory: MemoryManager, session: str) -> None:
        self._mind = Mind(memory)
        self._transcript = Transcript(self._mind, session)

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]
        return messages_from_dict([dict(item) for item in self._transcript.items()])

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Append messages."""
        self._transcript.add([_item(message) for message in messages])

    def clear(self) -> None:
        """Erase the session's messages, from memory too."""
        self._transcript.clear(erase=True)

    def close(self) -> None:
        """Settle and end the background thread; the memory stays open."""
        self._mind.close()


def _item(message: BaseMessage) -> Item:
    calls = getattr(message, "tool_calls", None) or []
    text = str(message.text) or "; ".join(f"{call['name']}({call['args']})" for call in calls)
    payload = as_payload(message_to_dict(message))
    role = _ROLES.get(message.type, "tool")
    return Item(payload, text, role, f"[{message.type} message]")
