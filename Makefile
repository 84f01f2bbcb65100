# `make` alone lists the targets.

SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
# What is installed is remembered by these files: a second run does not ask pip again.
RUN_INSTALLED := $(VENV)/run.installed
DEV_INSTALLED := $(VENV)/dev.installed
# npm writes this file last.
NODE_CLIENTS := tests/clients/node
NODE_INSTALLED := $(NODE_CLIENTS)/node_modules/.package-lock.json
# Only what the lock names with its hash is installed, and nothing is built in an environment that
# is fetched on the way.
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet
LOCKED := $(PIP_INSTALL) --require-hashes -r
PROJECT := $(PIP_INSTALL) --no-deps --no-build-isolation -e .
# The rules of accessibility that the pages of the console are held to.
AXE := tests/browser
AXE_INSTALLED := $(AXE)/node_modules/.package-lock.json
# What a part of the tests needs beside Python, each unless it is left out.
POSTGRESQL := $(if $(filter 1,$(MOYEU_TESTS_WITHOUT_POSTGRESQL)),,postgresql)
NODE := $(if $(filter 1,$(MOYEU_TESTS_WITHOUT_NODE)),,$(NODE_INSTALLED))
BROWSER := $(if $(filter 1,$(MOYEU_TESTS_WITHOUT_BROWSER)),,chromium $(AXE_INSTALLED))
# What is compiled is kept, even where the machine says otherwise: tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

## run          Serve the demo portal at http://127.0.0.1:8080 (PORT=… DEMO="--records 1000" …)
.PHONY: run
run: $(RUN_INSTALLED)
	@exec $(BIN)/moyeu demo $(if $(PORT),--port $(PORT)) $(DEMO)

## install      Make .venv with the moyeu command
.PHONY: install
install: $(RUN_INSTALLED)
	@echo "installed: $(BIN)/moyeu --help"

## test         Install what the tests need, check, and test: what CI runs
# A test process more than there are processors; TESTS="-n 0 …" for one alone.
# MOYEU_TESTS_WITHOUT_NODE=1 leaves out what needs HubSpot's client for Node, and
# MOYEU_TESTS_WITHOUT_POSTGRESQL=1 what needs PostgreSQL, and MOYEU_TESTS_WITHOUT_BROWSER=1 what
# needs Chromium. tests/postgres.py says how to name a
# server or a Citus cluster.
.PHONY: test
test: $(DEV_INSTALLED) $(NODE) $(POSTGRESQL) $(BROWSER)
	@$(MAKE) --no-print-directory -j2 check collected
	$(BIN)/python -m pytest -n auto $(TESTS)

## test-postgresql  Run all tests with PostgreSQL alone wherever the engine does not matter
.PHONY: test-postgresql
test-postgresql: $(DEV_INSTALLED) $(NODE) postgresql $(BROWSER)
	MOYEU_TEST_ENGINE=postgresql $(BIN)/python -m pytest -n auto $(TESTS)

## check        Check format, lint, types and layers
.PHONY: check
check: $(DEV_INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Has the tests compiled once instead of by each test process at the same time.
.PHONY: collected
collected: $(DEV_INSTALLED)
	@$(BIN)/python -m pytest -n 0 --collect-only --quiet --quiet > $(VENV)/collected \
	    || { cat $(VENV)/collected; exit 1; }

## node-clients Install HubSpot's client for Node, which a part of the tests drives the server with
.PHONY: node-clients
node-clients: $(NODE_INSTALLED)

## postgresql   Install PostgreSQL, which a part of the tests starts
.PHONY: postgresql
postgresql:
	@requirements/install-postgresql

## chromium     Install Chromium, which the tests of the console drive
.PHONY: chromium
chromium:
	@requirements/install-chromium

## faults       Kill, cut off and starve the server, and check that it kept its promises
# Three times as many rounds as in `make test`; FAULT_ROUNDS=10 for more.
.PHONY: faults
faults: $(DEV_INSTALLED) $(POSTGRESQL)
	FAULT_ROUNDS=$(or $(FAULT_ROUNDS),3) $(BIN)/python -m pytest tests/faults $(TESTS)

## bench        Measure the batch update against its floor (BENCH="--help" …)
.PHONY: bench
bench: $(DEV_INSTALLED)
	$(BIN)/python bench/run.py $(BENCH)

## bench-peers  Measure other servers with the same work (BENCH="--help" …)
.PHONY: bench-peers
bench-peers: $(DEV_INSTALLED)
	$(BIN)/python bench/peers/run.py $(BENCH)

## compatibility  Write COMPATIBILITY.md from the conformance cases
.PHONY: compatibility
compatibility: $(DEV_INSTALLED)
	$(BIN)/python -m tools.compatibility

## lock         Write requirements/*.txt from pyproject.toml (LOCK=--upgrade takes newer versions)
.PHONY: lock
lock:
	@python=$$(requirements/find-python) && "$$python" requirements/lock.py $(LOCK)

## clean        Remove .venv and what tools left; the data in var/ stays
.PHONY: clean
clean:
	rm -rf $(VENV) $(NODE_CLIENTS)/node_modules $(AXE)/node_modules
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help:
	@sed -n 's/^## //p' Makefile

$(BIN)/python:
	@python=$$(requirements/find-python) && echo "making $(VENV) with $$python" \
	    && "$$python" -m venv $(VENV)

$(RUN_INSTALLED): requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "installing what the server needs"
	@$(LOCKED) requirements/run.txt
	@$(PROJECT)
	@touch $@

$(DEV_INSTALLED): requirements/dev.txt $(RUN_INSTALLED)
	@echo "installing what the tests need"
	@$(LOCKED) requirements/dev.txt
	@touch $@

$(NODE_INSTALLED): $(NODE_CLIENTS)/package.json $(NODE_CLIENTS)/package-lock.json | $(DEV_INSTALLED)
	@echo "installing HubSpot's client for Node"
	@requirements/npm ci --prefix $(NODE_CLIENTS)
	@touch $@

$(AXE_INSTALLED): $(AXE)/package.json $(AXE)/package-lock.json | $(DEV_INSTALLED)
	@echo "installing the rules of accessibility"
	@requirements/npm ci --prefix $(AXE)
	@touch $@
