"""An embedder from its name."""

from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.lexical import LexicalEmbedder
from knowhen.memory.errors import InvalidInput

_OPENAI = "openai:"


def make_embedder(choice: "str | Embedder" = "lexical") -> Embedder:
    """`lexical`, `local` (all-MiniLM-L6-v2), `openai:MODEL`, or an embedder as it is.

    Raises:
        InvalidInput: another name, or not an embedder.
        MissingExtra: the package that the embedder needs is not installed.
    """
    if not isinstance(choice, str):
        if callable(getattr(choice, "embed", None)) and hasattr(choice, "dimension"):
            return choice
        raise InvalidInput(
            f"not an embedder: {choice!r}; wrap a function or LangChain `Embeddings` "
            "in a FunctionEmbedder"
        )
    if choice == "lexical":
        return LexicalEmbedder()
    if choice == "local":
        from knowhen.memory.embedders.local import LocalEmbedder

        return LocalEmbedder()
    if choice.startswith(_OPENAI) and len(choice) > len(_OPENAI):
        from knowhen.memory.embedders.openai import OpenAIEmbedder

        return OpenAIEmbedder(choice.removeprefix(_OPENAI))
    raise InvalidInput(
        f"no embedder is called {choice!r}; use 'lexical', 'local', 'openai:MODEL', "
        "or an embedder of your own"
    )
