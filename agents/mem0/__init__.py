"""A memory in the shape of mem0: a tutorial written for it runs after changing one import."""

from knowhen.agents.mem0.export import import_mem0
from knowhen.agents.mem0.memory import Memory
from knowhen.agents.mem0.twin import AsyncMemory

__all__ = ["AsyncMemory", "Memory", "import_mem0"]
