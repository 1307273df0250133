"""Running a Python block of the documents as a reader would: in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

SETTINGS = {"OPENAI_API_KEY": "k", "OPENAI_AGENTS_DISABLE_TRACING": "1"}


def run_block(block: str, folder: Path, *, url: str) -> str:
    """What a block prints that runs as it stands, in a folder, with a model at `url`."""
    path = folder / "block.py"
    path.write_text(block, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", path],
        cwd=folder,
        env={**os.environ, **SETTINGS, "OPENAI_BASE_URL": url},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout
