.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Three workers more than cores: three groups of tests wait for servers. Threads within a worker would wait for each other.
# Tests start hundreds of programs, which need not compile our modules each time, whatever the environment says.
WAITING := 3
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + $(WAITING) )))
TESTS = env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup
LEAST_COVERAGE := 90
PORT ?= 4200

.PHONY: help
help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: setup ## Publish a generated fraud table and show where the report is
	$(BIN)/counterpoise demo

.PHONY: up
up: setup ## Start a Prefect server, the deployments and a worker to look at (PORT=0 for a free port)
	@$(BIN)/python -m tools.local_server up --port $(PORT)

.PHONY: down
down: setup ## End what `make up` has started
	@$(BIN)/python -m tools.local_server down

.PHONY: test
test: lint ## Lint, format check, strict types and all tests
	@$(MAKE) --no-print-directory --jobs=2 types pytest

.PHONY: pytest
pytest: setup
	$(TESTS)

.PHONY: quick
quick: WAITING := 0
quick: setup ## The tests of the inner loop: those without server, browser, campaigns or statistics
	$(TESTS) -m "not server and not browser and not slow" --ignore=tests/flows --ignore=tests/tasks

.PHONY: coverage
coverage: setup ## All tests with coverage of lines and branches, which must not fall below 90 %
	$(TESTS) --cov=counterpoise --cov-report=term:skip-covered --cov-fail-under=$(LEAST_COVERAGE)

.PHONY: check
check: lint types ## Lint, format check and strict types, without the tests

.PHONY: lint
lint: setup ## Lint and check the format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: setup ## Check types strictly, in code and tests, and that every tool finds our modules
	$(BIN)/mypy -p counterpoise -p tests -p benchmarks -p tools -p examples
	$(BIN)/basedpyright

.PHONY: setup
setup: $(READY) ## Make .venv from the lock file; does nothing where it is up to date

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, but $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
		echo "Name another one: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12" >&2; exit 1; }
	@for folder in expectations flows tasks; do test -d counterpoise/$$folder/ || { \
		echo "counterpoise/$$folder is not a link to $$folder/: this checkout has no symbolic links." >&2; \
		echo "Check it out anew with: git config core.symlinks true && git checkout -- counterpoise" >&2; exit 1; }; done
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: format
format: setup ## Put the code into the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: reference
reference: setup ## Write docs/reference.md anew from models, command line and docstrings
	$(BIN)/python tools/make_reference.py

.PHONY: lock
lock: ## Write requirements.lock anew from pyproject.toml (needs uv)
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile pyproject.toml --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links \
		--all-extras --group dev --output-file requirements.lock

.PHONY: clean
clean: ## Remove what make and the tools have made, but no datasets
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* *.egg-info
	find counterpoise expectations flows tasks tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
