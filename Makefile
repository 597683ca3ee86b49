# Every chore of the project; `make` alone lists them.
# Needs Python 3.11 or later with pip, and make. Everything else is installed into .venv and .meltano.

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
UV := $(BIN)/uv
PROJECTS := pyproject.toml uv.lock $(wildcard */pyproject.toml libs/*/pyproject.toml mappers/*/pyproject.toml)
MODULES := dynamics-sandbox/dynamics_sandbox libs/dynamics-odata/dynamics_odata libs/dynamics-singer/dynamics_singer \
	mappers/mapper-p2c/mapper_p2c p2c/prospect_to_cash tap-dynamics-fno/tap_dynamics_fno tap-dynamics-sales/tap_dynamics_sales target-dynamics-cds/target_dynamics_cds \
	target-dynamics-fno/target_dynamics_fno demo scripts tests

.PHONY: help setup demo test proof bench check format tables clean

help: ## list the chores
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.ready .meltano/.ready .env ## install everything (the other chores do it by themselves)

demo: setup ## start the sandbox and carry accounts from Sales through CDS into Finance and Operations
	@$(BIN)/python -m demo

test: setup check ## run every check and every test
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

proof: setup ## run the tests that need Node, PostgreSQL, Chromium or a Python of their own, and the long ones
	@$(BIN)/pytest tests/conformance

bench: setup ## measure speed and memory against floors and peers (BENCH="word" picks some)
	@$(BIN)/python -m tests.performance $(BENCH)

check: .venv/.ready ## lint, formatting, types, lock file
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy $(MODULES)
	@$(UV) lock --check --quiet

format: .venv/.ready ## format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix --exit-zero --quiet
	@$(BIN)/ruff format --quiet

tables: .venv/.ready ## write the settings tables of the READMEs and of docs/sandbox.md, and the mapping guide's tables, anew
	@$(BIN)/python -m scripts.settings_tables
	@$(BIN)/python -m scripts.mapping_guide
	@$(BIN)/python -m scripts.sandbox_settings

clean: ## remove everything that was installed or produced
	rm -rf .venv .meltano .proof .sandbox output .mypy_cache .pytest_cache .ruff_cache

.venv/.ready: $(PROJECTS)
	@test -x $(UV) || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv==$(UV_VERSION)'; }
	@UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --locked --quiet --inexact --python $(BIN)/python
	@touch $@

.meltano/.ready: .venv/.ready meltano.yml
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/meltano --log-level=warning install
	@touch $@

.env: | .env.example
	@cp .env.example .env
