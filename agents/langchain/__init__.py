"""LangChain: middleware for `create_agent`, a retriever, tools, and a chat history."""

from knowhen.agents.langchain.history import KnowhenChatMessageHistory
from knowhen.agents.langchain.middleware import MemoryMiddleware
from knowhen.agents.langchain.retriever import KnowhenRetriever
from knowhen.agents.langchain.tools import make_memory_tools

__all__ = [
    "KnowhenChatMessageHistory",
    "KnowhenRetriever",
    "MemoryMiddleware",
    "make_memory_tools",
]
