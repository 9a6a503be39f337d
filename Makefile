# Everything a checkout needs. Only Python >= 3.11 and make must be there; the rest goes into .venv.
PYTHON ?= python3
OUT ?= runs
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find sequencer templates simulators configs -type f -not -name '*.pyc' 2>/dev/null)

# Every test that starts a process would have it compile what it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test bench nightly lint types imports mutants clean

help:
	@echo "make demo     set up, run the main job on simulated devices, say where the results are (OUT=runs)"
	@echo "make test     set up, run the whole test suite"
	@echo "make bench    what computing costs;   make nightly  full size and statistics, into docs/reference/nightly.md"
	@echo "make lint     ruff;   make types    mypy --strict;   make imports    import contracts"
	@echo "make mutants  change N=40 lines drawn by SEED=1, one at a time; a test must fail each time (WHERE=sequencer/sky)"
	@echo "make clean    remove .venv and caches, never results"

demo: $(VENV)/.installed
	$(BIN)/sequencer demo --out $(OUT)

# Where .ci/provide may not install what is missing it says so, and everything else is run.
test:
	@.ci/provide || true
	@$(MAKE) --no-print-directory $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal

bench: $(VENV)/.installed-dev
	$(BIN)/python -m tests.benchmarks.speed

nightly: $(VENV)/.installed-dev
	$(BIN)/python -m tests.nightly

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

imports: $(VENV)/.installed-dev
	$(BIN)/lint-imports

mutants: $(VENV)/.installed-dev
	$(BIN)/python -m tests.mutants -n $(or $(N),40) --seed $(or $(SEED),1) $(WHERE)

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }

# A developer's editable installation serves the demo as well; a plain one is renewed when a source changes.
$(VENV)/.installed: pyproject.toml $(SOURCES) | $(BIN)/python
	@if [ ! -e $(VENV)/.installed-dev ]; then rm -rf build && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check . && rm -rf build; fi
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# The benchmark brings other programs along (1 GB), so it has an environment of its own.
.PHONY: bench-twilight
bench-twilight: .venv-bench/.installed
	cd tests && ../.venv-bench/bin/python -m benchmarks.twilight $(BENCH)

.venv-bench/.installed: pyproject.toml
	@$(PYTHON) -m venv .venv-bench && echo '*' > .venv-bench/.gitignore
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@
