"""The benchmarks are scripts in a folder of their own; their tests import them by name."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
