PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test lint types extras bench crowd clean

demo: .venv/core  ## Install the core only and watch a memory at work
	$(BIN)/python examples/demo.py

test: .venv/all  ## Install everything and run all tests
	$(BIN)/pytest

lint: .venv/all  ## Style and format
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: .venv/all .dev/knowhen  ## Strict types
	$(BIN)/mypy

extras: .venv/python  ## Each framework alone in a fresh environment runs its examples
	$(BIN)/python tests/support/extras.py

bench: .venv/all  ## The shipped weights on LoCoMo: make bench DATA=folder
	$(BIN)/python benchmarks/locomo.py --data $(DATA)

crowd: .venv/core  ## Thirteen processes on one new home for 45 seconds
	$(BIN)/python benchmarks/crowd.py

clean:
	rm -rf .venv .dev build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/python:
	$(PYTHON) -m venv .venv && touch $@

.venv/core: .venv/python pyproject.toml constraints.txt
	$(PIP) -e . && touch $@

# torch first and pinned: a range would let pip take a build with several gigabytes of CUDA.
.venv/all: .venv/python pyproject.toml constraints.txt
	$(PIP) torch==2.13.0 && $(PIP) -e '.[all,dev]' && touch $@ .venv/core

.dev/knowhen:
	mkdir -p $@ && cd $@ && ln -sfn ../../memory memory && ln -sfn ../../agents agents && ln -sfn ../../graphs graphs && ln -sf ../../memory/_facade/__init__.py ../../memory/_facade/py.typed .
