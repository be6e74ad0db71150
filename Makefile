# Everything a developer types. Each environment is made once and renewed when pyproject.toml or constraints.txt changes.

.DEFAULT_GOAL := help
.PHONY: help run test check format lint types layers docstrings coverage bench docs clean

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
BACKEND ?= auto
# more arguments for pytest or the benchmarks: make test ARGS="-k routing"
ARGS ?=

RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev
DOCS := $(VENV)/.installed-docs
BENCH := .venv-bench/.installed-bench
RUN_EXTRAS := standard,trio
PEERS := fastapi starlette litestar blacksheep falcon

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: $(RUN) ## serve examples/quickstart.py on http://127.0.0.1:8000 (BACKEND=asyncio|uvloop|trio, PORT=…)
	@exec $(BIN)/hawkapi dev examples.quickstart:app --host $(HOST) --port $(PORT) --backend $(BACKEND)

test: $(DEV) ## run the whole test suite, in parallel
	@$(BIN)/python -m pytest -n auto $(ARGS)

check: format lint types layers docstrings coverage ## what must be clean before a commit

format: $(DEV) ## the code is formatted
	@$(BIN)/ruff format --check .

lint: $(DEV) ## ruff
	@$(BIN)/ruff check .

types: $(DEV) ## pyright strict, and the public names are fully typed
	@$(BIN)/pyright
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/pyright --verifytypes hawkapi --ignoreexternal >$(VENV)/verifytypes.txt || \
		{ cat $(VENV)/verifytypes.txt; exit 1; }

layers: $(DEV) ## imports go down the floors only
	@$(BIN)/lint-imports --no-logo

docstrings: $(DEV) ## every public definition says what it is
	@$(BIN)/interrogate --quiet hawkapi || $(BIN)/interrogate -v hawkapi

coverage: $(DEV) ## the test suite again, measured: every process that it starts counts
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n auto $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

bench: $(BENCH) ## compare with other frameworks, in an environment of its own
	@.venv-bench/bin/python -m benchmarks $(ARGS)

docs: $(DOCS) ## build the documentation into site/
	@$(BIN)/mkdocs build --strict --quiet

clean: ## remove environments, caches and what was built
	rm -rf .venv .venv-* build dist site htmlcov .coverage .coverage.* .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call install,folder of the environment,what to install): a stamp in the folder says that it was done.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "HawkAPI needs Python 3.11 or newer, and $(PYTHON) is not. Name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(1)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(1)
	@echo "Installing into $(1): this takes a while, once."
	@$(1)/bin/python -m pip install -qq --disable-pip-version-check --no-input -c constraints.txt $(2)
	@touch $@
endef

$(RUN): pyproject.toml constraints.txt
	$(call install,$(VENV),-e ".[$(RUN_EXTRAS)]")

$(DEV): pyproject.toml constraints.txt
	$(call install,$(VENV),-e ".[dev]")
	@touch $(RUN)

$(DOCS): pyproject.toml constraints.txt
	$(call install,$(VENV),-e ".[docs]")

$(BENCH): pyproject.toml constraints.txt
	$(call install,.venv-bench,-e ".[$(RUN_EXTRAS)]" $(PEERS))
