"""Fit the weights of recall and then of the gate, which looks at recall's scores.

    python benchmarks/fit.py --data FOLDER
    python benchmarks/fit.py --data FOLDER --only lexical --gate

Runs `fit_recall.py --write` and `fit_gate.py` for both embedders, each in a process of its own,
because a running process keeps the weights that it was started with.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of prepared data")
    parser.add_argument("--only", choices=("lexical", "local"), help="one embedder alone")
    parser.add_argument("--gate", action="store_true", help="leave recall as it is")
    parser.add_argument("--quick", action="store_true", help="a small part of the data")
    parser.add_argument("--cache", type=Path, default=Path(".cache/embeddings.db"))
    options = parser.parse_args()
    passed = ["--data", str(options.data), "--cache", str(options.cache)]
    passed += ["--quick"] if options.quick else []
    steps = [["fit_gate.py"]] if options.gate else [["fit_recall.py", "--write"], ["fit_gate.py"]]
    for embedder in [options.only] if options.only else ["lexical", "local"]:
        for script, *further in steps:
            command = [sys.executable, str(HERE / script), *passed, "--embedder", embedder]
            print(f"{script}, {embedder}", flush=True)
            subprocess.run([*command, *further], check=True)


if __name__ == "__main__":
    main()
