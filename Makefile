# Everything that a fresh clone needs is made by `make setup`; what needs it calls it.
# Needs Python 3.11 to 3.13 and the network for its packages (and, where there is no Go, for that as well).

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types bench selftest lock docs clean
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK := requirements-dev.lock
# Many tests wait for processes and faults, so four at a time suit two cores; tests/conftest.py puts the slow files first.
SPREAD := -n 4 --dist loadfile --no-loadscope-reorder

# The first Python that runs, is one of ours and can make a virtual environment; PYTHON=… chooses another.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	>/dev/null 2>&1 && echo $$python && break; done)

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 18

setup: $(READY) ## .venv with everything, toxiproxy-server included
	@$(BIN)/python -m pocchaos.toxiproxy >/dev/null

$(READY): pyproject.toml $(LOCK)
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 to 3.13 with venv on PATH: install one, or name it with make PYTHON=…" >&2; exit 2; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "making $(VENV) with $(PYTHON)"; $(PYTHON) -m venv --clear $(VENV); }
	@echo "installing the locked packages (once)"
	@awk '/^uv==/ { found = 1 } found; found && !/\\$$/ { exit }' $(LOCK) \
	  | $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement /dev/stdin
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement $(LOCK) || { \
	  echo "uv could not (it reads no pip.conf): pip does it, in a minute or two"; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(LOCK); }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: setup ## the outage of an LLM against the reference POC: live view, verdict, report
	@$(BIN)/pocchaos run scenarios/llm_outage.yaml

test: setup ## all tests; PYTEST="-m 'not slow'" for the quick ones, PYTEST="-n 0" one after the other
	@$(BIN)/pytest $(SPREAD) $(PYTEST)

lint: setup ## style, form and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache

types: setup ## mypy, strict
	@$(BIN)/mypy

bench: setup ## every benchmark, one after the other; figures in benchmarks/RESULTS.md
	@for benchmark in benchmarks/*.py; do echo "== $$benchmark"; $(BIN)/python "$$benchmark" || exit; done

selftest: setup ## every planted defect must be found, the healthy POC must pass; resumable, up to 45 minutes
	@$(BIN)/python -m tests.selftest

lock: setup ## the lock file, from the ranges of pyproject.toml, for all Pythons at once
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --upgrade --quiet --custom-compile-command "make lock" --output-file $(LOCK)

docs: setup ## what is generated in docs/
	@$(BIN)/pocchaos schema > docs/scenario.schema.json

clean: ## everything that is made, runs included
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find results -mindepth 1 ! -name README.md -exec rm -rf {} +
