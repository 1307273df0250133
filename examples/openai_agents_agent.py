"""An agent of the OpenAI Agents SDK with a session that remembers across sessions.

    pip install 'knowhen[openai-agents]'
    python examples/openai_agents_agent.py                       # offline
    python examples/openai_agents_agent.py --model gpt-5-mini    # OpenAI, with $OPENAI_API_KEY

The session keeps the true history; what other sessions hold comes through `recall_input`. Offline,
the model is a class that repeats what memory shows it.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from typing import Any

from agents import Agent, Model, ModelResponse, RunConfig, Runner, Usage
from openai.types.responses import ResponseOutputMessage, ResponseOutputText

from knowhen import MemoryManager
from knowhen.agents.openai_agents import MemorySession

CONVERSATIONS = (
    ("monday", "My sister Anna plays the cello in Berlin."),
    ("monday", "We visit her in June."),
    ("friday", "Where does my sister Anna live, and what does she play?"),
)


class Repeater(Model):
    """Stands in for a model: says what it was shown from memory, or that it listens."""

    async def get_response(
        self, system_instructions: str | None, input: Any, *rest: Any, **options: Any
    ) -> ModelResponse:
        shown = "".join(str(item.get("content")) for item in input if isinstance(item, dict))
        lines = shown.partition("<recalled-memory>")[2].splitlines()
        recalled = [line for line in lines if "): " in line]
        text = f"I remember: {recalled[0]}" if recalled else "I am listening."
        content = ResponseOutputText(type="output_text", text=text, annotations=[])
        message = ResponseOutputMessage(
            id="m", type="message", role="assistant", status="completed", content=[content]
        )
        return ModelResponse(output=[message], usage=Usage(), response_id=None)

    def stream_response(self, *rest: Any, **options: Any) -> AsyncIterator[Any]:
        raise NotImplementedError("this example does not stream")


async def talk(memory: MemoryManager, model: str | Model) -> None:
    agent = Agent(name="companion", instructions="Be brief and kind.", model=model)
    for session_id, said in CONVERSATIONS:
        session = MemorySession(session_id, memory)
        config = RunConfig(
            session_input_callback=session.recall_input, tracing_disabled=isinstance(model, Model)
        )
        result = await Runner.run(agent, said, session=session, run_config=config)
        print(f"[{session_id}] you: {said}\n[{session_id}] bot: {result.final_output}")
        await asyncio.to_thread(session.close)
    history = await MemorySession("friday", memory).get_items()
    print(f"\nfriday's own history: {len(history)} items; remembered: {len(memory.turns())} turns")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", help="a model of OpenAI's")
    parser.add_argument("--home", default=":memory:", help="folder of the memory")
    options = parser.parse_args()
    with MemoryManager.open(options.home, space="user-42") as memory:
        asyncio.run(talk(memory, options.model or Repeater()))


if __name__ == "__main__":
    main()
