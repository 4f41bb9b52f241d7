# Everything a newcomer, a developer or CI runs. `make demo` and `make test` need Python 3.11+, make and a package
# index, and set the rest up by themselves.

PYTHON ?= python3
VENV   ?= .venv
# Three for two cores: there is always one that waits for the servers of a system test (tests/system/conftest.py spreads
# them). By loadgroup, though there are no groups, each gets the tests one by one and in order.
JOBS   ?= 3
ARGS   ?=

BIN := $(VENV)/bin
# uv does the same many times faster; without it the venv's own pip is enough.
INSTALL := $(if $(shell command -v uv 2>/dev/null),uv pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)

.DEFAULT_GOAL := help
# A half-made venv or stamp must not pass for a whole one.
.DELETE_ON_ERROR:
.PHONY: help setup demo test test-system mutation lint fmt bench clean

help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[36m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  ARGS='...' is handed on: make demo ARGS='--help', make test ARGS='-k offers'"

setup: $(VENV)/.dev ## make .venv with everything for development

demo: $(VENV)/.demo ## show data flowing: no Docker, no Java
	$(BIN)/tailorline demo $(ARGS)

# Images often forbid bytecode; then every process of the tests compiles it all again, and the rewritten asserts too.
test: $(VENV)/.dev ## run all tests; tests/system on the embedded broker and store
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n $(JOBS) --dist loadgroup $(ARGS)

test-system: $(VENV)/.dev ## run tests/system on Apache Kafka (java, mvn) and redis-server
	PYTHONDONTWRITEBYTECODE= TAILORLINE_TEST_REQUIRED=1 $(BIN)/python -m bench.servers -- $(BIN)/pytest tests/system $(ARGS)

mutation: $(VENV)/.dev ## break the code of the guarantees at one place after the other: do tests fail?
	$(BIN)/python -m tests.mutation $(ARGS)

lint: $(VENV)/.dev ## style, format, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/.dev ## mend style and format in place
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.dev ## measure the throughput of this machine
	$(BIN)/tailorline bench throughput $(ARGS)

clean: ## remove what can be made again, .venv and the fetched Kafka jars too
	rm -rf $(VENV) .cache build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pyvenv.cfg and not bin/python: that one is a link to an interpreter whose date has nothing to do with ours.
$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; try make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

# One stamp for each set of extras (.demo, .dev) in the one venv. pip leaves alone what is already right, so the second
# set only adds.
$(VENV)/.demo $(VENV)/.dev: $(VENV)/.%: $(VENV)/pyvenv.cfg pyproject.toml constraints.txt
	$(INSTALL) -c constraints.txt -e '.[$*]'
	@touch $@
