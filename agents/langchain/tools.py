"""Tools by which a model remembers, recalls and forgets on its own."""

from knowhen.agents.extras import extra
from knowhen.agents.mind import FAILED, Mind
from knowhen.agents.prompt import own_words
from knowhen.memory.errors import KnowhenError
from knowhen.memory.fence import fenced
from knowhen.memory.manager import MemoryManager

with extra("langchain"):
    from langchain_core.tools import BaseTool, StructuredTool

NOTHING = "Memory holds nothing on this."
UNREAD = "Memory could not be searched just now."
UNWRITTEN = (
    "Not stored yet: memory cannot be written just now. It is stored with the next thing that is "
    "remembered, unless the program ends before."
)


def make_memory_tools(
    memory: MemoryManager, *, budget: int = 1024, speaker: str = "user", session: str = "notes"
) -> list[BaseTool]:
    """The tools `remember`, `recall` and `forget`, for `create_agent(tools=...)` or any graph.

    What is recalled comes fenced, as data. `forget` takes only ids of turns, so that no text in
    memory can talk a model into erasing more than what it names.
    """
    mind = Mind(memory, budget=budget, gate=False)

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
