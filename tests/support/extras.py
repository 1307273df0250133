"""Each framework's extra alone in a fresh environment: its blocks of the documents run there."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from blocks import SETTINGS
from openai_server import OpenAIServer

ROOT = Path(__file__).parents[2]
SOURCES = ("agents", "graphs", "memory", "LICENSE", "README.md", "pyproject.toml")
DOCUMENTS = ("README.md", "docs/frameworks.md")
EXTRAS = ("langchain", "mcp", "openai", "openai-agents")
OURS = "from knowhen import MemoryAgent, MemoryManager; import knowhen.agents.mem0"
THEIRS = "from agents import Agent, Runner"


def blocks(extra: str) -> list[str]:
    """What the documents say runs with an extra."""
    text = "".join(Path(ROOT, name).read_text("utf-8") for name in DOCUMENTS)
    above = rf"(?:\(`pip install 'knowhen\[{extra}\]'`\)[^\n]*\n|<!-- extra: {extra} -->)\n"
    return re.findall(above + r"```python\n(.*?)```", text, re.DOTALL)


class Environment:
    """A fresh environment that holds knowhen with one extra."""

    def __init__(self, extra: str, sources: Path) -> None:
        folder = ROOT / ".venv" / f"extra-{extra}"
        venv.create(folder, clear=True, with_pip=True)
        self._python, self._sources = folder / "bin" / "python", sources
        self.pip("install", "-c", str(ROOT / "constraints.txt"), f"{sources}[{extra}]")

    def pip(self, *arguments: str) -> None:
        self.python("-m", "pip", *arguments, "--quiet", "--disable-pip-version-check")

    def python(self, *arguments: str, **variables: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "KNOWHEN_HOME": f"{folder}/home", **variables}
            environment.pop("PYTHONPATH", None)
            command = [self._python, *arguments]
            subprocess.run(command, cwd=folder, env=environment, check=True, stdout=sys.stderr)

    def run(self, block: str) -> None:
        with OpenAIServer() as server:
            self.python("-c", block, OPENAI_BASE_URL=server.url, **SETTINGS)

    def live_apart(self) -> None:
        """Neither package takes anything of the other along."""
        self.python("-c", f"{OURS}; {THEIRS}")
        self.pip("uninstall", "--yes", "knowhen")
        self.python("-c", THEIRS)
        self.pip("install", "--no-deps", str(self._sources))
        self.pip("uninstall", "--yes", "openai-agents")
        self.python("-c", OURS)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in SOURCES:  # a copy: building leaves files beside the sources
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, Path(folder, name))
        for extra in sys.argv[1:] or EXTRAS:
            environment, listed = Environment(extra, Path(folder)), blocks(extra)
            assert len(listed) >= 2, f"the documents show too little of {extra}"
            for block in listed:
                environment.run(block)
            if extra == "openai-agents":
                environment.live_apart()
            print(f"{extra}: {len(listed)} blocks run, with nothing else installed")


if __name__ == "__main__":
    main()
