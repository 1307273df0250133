"""A LangChain agent with long-term memory and a store, over two conversations.

    pip install 'knowhen[langchain]'
    python examples/langgraph_agent.py                            # offline
    python examples/langgraph_agent.py --model openai:gpt-5-mini  # needs langchain-openai and a key

The checkpointer holds the thread, the memory what is true across threads, the store what the
application itself puts down. Offline, the model is a class that repeats what memory shows it.
"""

import argparse
from typing import Any

from langchain.agents import create_agent
from langchain.tools import ToolRuntime
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

from knowhen import MemoryManager
from knowhen.agents.langchain import MemoryMiddleware, make_memory_tools
from knowhen.agents.langgraph import KnowhenStore

CONVERSATIONS = (
    ("monday", "My sister Anna plays the cello in Berlin."),
    ("monday", "We visit her in June."),
    ("friday", "Where does my sister Anna live, and what does she play?"),
)


class Repeater(BaseChatModel):
    """Stands in for a model: says what it was shown from memory, or that it listens."""

    @property
    def _llm_type(self) -> str:
        return "repeater"

    def bind_tools(self, tools: Any, **options: Any) -> "Repeater":
        return self

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **rest: Any
    ) -> ChatResult:
        shown = [str(message.text) for message in messages]
        lines = "".join(shown).partition("<recalled-memory>")[2].splitlines()
        recalled = [line for line in lines if "): " in line]
        text = f"I remember: {recalled[0]}" if recalled else "I am listening."
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])


@tool
def note(text: str, runtime: ToolRuntime) -> str:
    """Put a note into the application's store."""
    assert runtime.store is not None
    runtime.store.put(("notes",), text[:20], {"text": text})
    return "noted"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", help="a model of LangChain's init_chat_model")
    parser.add_argument("--home", default=":memory:", help="folder of memory and store")
    options = parser.parse_args()
    store = KnowhenStore(options.home)
    with MemoryManager.open(options.home, space="user-42") as memory:
        middleware = MemoryMiddleware(memory)
        agent = create_agent(
            options.model or Repeater(),
            tools=[note, *make_memory_tools(memory)],
            middleware=[middleware],
            checkpointer=InMemorySaver(),
            store=store,
        )
        for thread, said in CONVERSATIONS:
            config: Any = {"configurable": {"thread_id": thread}}
            result = agent.invoke({"messages": [{"role": "user", "content": said}]}, config)
            print(f"[{thread}] you: {said}\n[{thread}] bot: {result['messages'][-1].text}")
        middleware.close()
        print(f"\nremembered: {len(memory.turns())} turns of {len(memory.events())} events")
    store.close()


if __name__ == "__main__":
    main()
