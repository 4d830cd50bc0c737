# Every target sets up what it needs from a bare machine: python3 (3.11 or newer,
# with venv) and make. `make help` lists them.

PYTHON ?= python3
BIN    := .venv/bin
READY  := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo bench fuzz soak test check fix assets tools docs lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: $(READY) ## Play the main job on real local control planes
	$(BIN)/keyfleet demo

bench: assets ## Measure beside a bare writer and a script: BENCH="fanout keeping" QUICK=--quick
	$(BIN)/python -m bench $(BENCH) $(QUICK)

test: check assets tools ## Everything: checks, all tests on real control planes, coverage; JOBS=2
	@status=0; $(PYTEST) $(COUNTED) --cov --cov-report=term || status=1; \
	$(PYTEST) $(UNCOUNTED) || status=1; exit $$status

# Counting lines makes Python two to three times slower. What runs whole programs, random histories
# and fuzzing reaches no line that the others do not, and takes the longest: it goes uncounted.
PYTEST    = $(BIN)/python -m pytest -n $(or $(JOBS),2) --dist loadfile
UNCOUNTED = tests/e2e tests/fuzz tests/histories
COUNTED   = src $(filter-out $(UNCOUNTED) tests/__pycache__,$(patsubst %/,%,$(wildcard tests/*/)))

check: $(READY) ## Lint, types, import contracts, docstrings, house rules
	$(BIN)/ruff format --check . && $(BIN)/ruff check .
	$(BIN)/mypy && $(BIN)/lint-imports --no-logo && $(BIN)/interrogate src scripts
	$(BIN)/python scripts/check_reveal.py && $(BIN)/python scripts/check_mirror.py && $(BIN)/python scripts/write_errors.py --check

soak: $(READY) ## Random histories on all cores: SOAK_MINUTES=5, SOAK_SEED=0
	PYTHONHASHSEED=0 PYTHONPATH=. $(BIN)/python -m tests.histories.soak --minutes $(or $(SOAK_MINUTES),5) --seed $(or $(SOAK_SEED),0)

fuzz: $(READY) ## Hostile templates, answers of stores and sealed values, on all cores: FUZZ_MINUTES=5 each, FUZZ_SEED=0
	PYTHONHASHSEED=0 PYTHONPATH=. $(BIN)/python -m tests.fuzz.templates --minutes $(or $(FUZZ_MINUTES),5) --seed $(or $(FUZZ_SEED),0)
	PYTHONHASHSEED=0 PYTHONPATH=. $(BIN)/python -m tests.fuzz.answers --minutes $(or $(FUZZ_MINUTES),5) --seed $(or $(FUZZ_SEED),0)
	PYTHONHASHSEED=0 PYTHONPATH=. $(BIN)/python -m tests.fuzz.sealing --minutes $(or $(FUZZ_MINUTES),5) --seed $(or $(FUZZ_SEED),0)

fix: $(READY) ## Format, and repair what the linter can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

assets: $(READY) ## Prepare kube-apiserver and etcd; the last line is their folder
	@$(BIN)/python -m keyfleet.localplane.assets

tools: assets ## Prepare the servers and programs that only tests need
	@$(BIN)/python -m keyfleet.localplane.assets kubectl prometheus vault \
		kubeseal sealed-secrets-controller sealed-secrets-oracle

docs: $(READY) ## Write the reference pages that come from the source
	$(BIN)/python scripts/write_errors.py && $(BIN)/python scripts/write_metrics.py
	$(BIN)/python scripts/write_cli.py
	$(BIN)/python -m keyfleet.manifests

lock: $(READY) ## Compile requirements/*.txt anew: UPGRADE=--upgrade for the newest versions
	$(LOCK) --extra all pyproject.toml --output-file requirements/run.txt
	$(LOCK) --extra all --extra dev --constraint requirements/run.txt pyproject.toml requirements/build.in --output-file requirements/dev.txt
	$(LOCK) --constraint requirements/dev.txt requirements/build.in --output-file requirements/build.txt

clean: ## Remove the environment and every cache in this folder (not the assets)
	rm -rf .venv build dist site htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

# The locks hold hashes and no address: where packages come from is this machine's
# pip configuration. --universal makes one lock right for all supported Pythons.
LOCK = $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)

.venv/.made:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Keyfleet needs Python 3.11 or newer, for example: make PYTHON=python3.12')"
	$(PYTHON) -m venv .venv && touch $@

.venv/.locked: .venv/.made requirements/dev.txt
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/dev.txt && touch $@

# --no-build-isolation: the build backend comes from the lock as well.
$(READY): .venv/.locked pyproject.toml
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable . && touch $@
