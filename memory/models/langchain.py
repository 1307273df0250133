"""Any LangChain chat model."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from knowhen.memory.errors import ModelFailed, ModelUnsupported
from knowhen.memory.models.base import Completion, Message, folded
from knowhen.memory.models.structured import (
    check_answer,
    complete_structured,
    json_schema,
    with_schema,
)

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage


class _Runnable(Protocol):
    def invoke(self, messages: Any, /) -> Any: ...


class LangChainChatModel:
    """A LangChain `BaseChatModel` behind our seam.

    Structured answers go through the model's own `with_structured_output` where it has one, and
    through JSON in the text otherwise.
    """

    def __init__(self, chat_model: "BaseChatModel") -> None:
        self._model = chat_model
        self._structures = True

    @property
    def name(self) -> str:
        for attribute in ("model_name", "model"):
            name = getattr(self._model, attribute, None)
            if isinstance(name, str) and name:
                return name
        return type(self._model).__name__

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        logprobs: bool = False,
        max_tokens: int | None = None,
    ) -> Completion:
        settings: dict[str, object] = {}
        if max_tokens is not None:
            settings["max_tokens"] = max_tokens
        if logprobs:
            settings["logprobs"] = True
        if schema is not None and not settings and self._structures:
            completion = self._structured(messages, schema)
            if completion is not None:
                return completion
            self._structures = False

        def ask(asked: list[Message]) -> Completion:
            model = self._model.bind(**settings) if settings else self._model
            return self._completion(self._invoke(model, asked), logprobs=logprobs)

        if schema is None:
            return ask(list(messages))
        return complete_structured(ask, with_schema(messages, schema), schema)

    def _structured(
        self, messages: Sequence[Message], schema: type[BaseModel]
    ) -> Completion | None:
        """None if the model has no structured output of its own."""
        titled = {"description": "The answer.", **json_schema(schema), "title": "Answer"}
        try:
            model = self._model.with_structured_output(titled, include_raw=True)
        except (NotImplementedError, ValueError):
            return None
        answer = self._invoke(model, messages)
        data, raw = answer.get("parsed"), answer.get("raw")
        if not isinstance(data, Mapping) or raw is None:
            problem = answer.get("parsing_error") or "no object"
            raise ModelFailed(f"model {self.name!r} gave no usable object: {problem}")
        check_answer(data, schema)
        completion = self._completion(raw, logprobs=False)
        return Completion(
            text=completion.text,
            data=data,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
        )

    def _invoke(self, model: _Runnable, messages: Sequence[Message]) -> Any:
        from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

        kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
        try:
            return model.invoke([kinds[m.role](content=m.content) for m in folded(messages)])
        except Exception as error:  # every provider's package has its own errors
            raise ModelFailed(f"model {self.name!r} failed: {error!r}") from error

    def _completion(self, answer: "BaseMessage", *, logprobs: bool) -> Completion:
        usage = getattr(answer, "usage_metadata", None) or {}
        tokens: list[str] = []
        values: list[float] = []
        if logprobs:
            found = (answer.response_metadata.get("logprobs") or {}).get("content")
            if not found:
                raise ModelUnsupported(f"model {self.name!r} gives no log-probabilities")
            tokens = [str(token["token"]) for token in found]
            values = [float(token["logprob"]) for token in found]
        return Completion(
            text=str(answer.text),
            prompt_tokens=int(usage.get("input_tokens", 0)),
            completion_tokens=int(usage.get("output_tokens", 0)),
            tokens=tuple(tokens),
            logprobs=tuple(values),
        )
