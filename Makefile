# socsim: `make` lists what can be made. Everything lives in the folder $(VENV); PYTHON picks the interpreter (3.11 or later).

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=
# Processes that share the tests; a file's tests stay together.
WORKERS ?= 2
SCENARIO ?= scenarios/neighbourhood_debate.yaml
# The model of that scenario: the small default one, stored in 8 bits, which is faster on processors.
MODEL ?= smollm2-135m-q8
# The studies that `make findings` runs, and how socsim ends where too many replies were no answers.
STUDIES ?= response_curve asch crowds conventions herding polarization
INCOMPLETE := 3

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := $(VENV)/bin
# The name of the interpreter is part of the stamp: another PYTHON makes the environment anew.
STAMP := $(VENV)/.installed-$(notdir $(PYTHON))
BASE := $(STAMP)-base
DEV := $(STAMP)-dev
CODE := socsim analysis tests benchmarks

.PHONY: help demo findings test check format bench clean

help: ## List what can be made
	@echo "usage: make TARGET [PYTHON=python3.12]"
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(BASE) ## Install, fetch the model, run the neighbourhood debate and print where its report is
	@$(BIN)/socsim models pull $(MODEL)
	@$(BIN)/socsim run $(SCENARIO) --report

findings: $(BASE) ## Run the studies of findings about people, hold them against the findings and write one page about all
	@$(BIN)/socsim models pull $(MODEL)
	@place=runs/findings-$$(date +%Y%m%d-%H%M%S); for study in $(STUDIES); do \
		$(BIN)/socsim run scenarios/findings/$$study.yaml --out $$place/$$study || [ $$? = $(INCOMPLETE) ]; \
		$(BIN)/socsim probe $$place/$$study || [ $$? = $(INCOMPLETE) ]; \
	done; \
	$(BIN)/socsim compare $(STUDIES:%=$$place/%) --response-curve $$place/response_curve --page $$place/findings.html

test: $(DEV) ## Install, fetch the model and run the tests
	@$(BIN)/socsim models pull
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

check: $(DEV) ## Check format, lint and types
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/mypy

format: $(DEV) ## Format the code and mend what the linter can mend
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

bench: $(DEV) ## Measure throughput and overhead on this machine
	@$(BIN)/socsim models pull
	@$(BIN)/python -m benchmarks

clean: ## Remove environments, caches and build products; runs are kept
	@rm -rf .venv .venv-* build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# pip's own words go to a log, which is shown only when something fails: a dot is a package found.
define install
	@printf 'installing %s into $(VENV) (a few minutes the first time) ' '$(1)'
	@set -o pipefail; if $(BIN)/python -m pip install --disable-pip-version-check --no-input --progress-bar off -e '$(2)' 2>&1 \
		| tee $(VENV)/install.log | awk '/^ *Collecting|^Installing/ {printf "."; fflush()} END {print ""}'; \
	then touch $@; else tail -n 30 $(VENV)/install.log >&2; echo "installing failed; all of pip's words: $(VENV)/install.log" >&2; exit 1; fi
endef

$(VENV)/.made-$(notdir $(PYTHON)):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than Python 3.11; name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@if [ "$$($(BIN)/python -c 'import sys; print(sys.version_info[:2])' 2>/dev/null)" != \
		"$$($(PYTHON) -c 'import sys; print(sys.version_info[:2])')" ]; then $(PYTHON) -m venv --clear $(VENV); fi
	@touch $@

$(BASE): pyproject.toml | $(VENV)/.made-$(notdir $(PYTHON))
	$(call install,socsim,.)

$(DEV): pyproject.toml | $(VENV)/.made-$(notdir $(PYTHON))
	$(call install,socsim and its test tools,.[dev])
	@touch $(BASE)
