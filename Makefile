# Commands for people. `make` alone lists them; `make demo` and `make test` need nothing set up before.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
STAMP := .venv/.installed
# Modules are compiled at once: where Python may not write .pyc files, every command would compile all of them again.
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt
# Two workers with one BLAS thread each: two threads in two workers fight for two cores and lose (docs/dependencies.md).
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -n 2 --dist worksteal
.DEFAULT_GOAL := help
.PHONY: help setup browser-here demo plates test check calibrate bench browser figures docs wheel clean

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | expand -t 18

NEXT := next: source .venv/bin/activate   (once a shell), then: embedlab --help
setup: $(STAMP) browser-here ## create .venv with everything that demo, tests and notebooks need
	@$(if $(filter setup,$(MAKECMDGOALS)),echo "$(NEXT)")

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 to 3.13 found; install one, or say make setup PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "creating .venv with $(PYTHON)"; $(PYTHON) -m venv .venv; }
	@echo "installing pinned packages into .venv (one to three minutes the first time)"
	@# torch goes first and exactly as pinned: a range may fetch a newer release with gigabytes of CUDA libraries
	@$(PIP) "$$(grep '^torch==' constraints.txt)"
	@$(PIP) --editable '.[lite0,notebook,bio,bench,docs,test]'
	@touch $(STAMP)

browser-here:
	@for b in chromium chromium-browser google-chrome; do command -v $$b >/dev/null 2>&1 && exit 0; done; test -e .venv/.no-browser || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
			echo "installing Chromium for the page tests"; \
			{ timeout 60 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 240 apt-get install -y -qq chromium; } >/dev/null 2>&1 || true; \
		fi; \
		command -v chromium >/dev/null 2>&1 || { touch .venv/.no-browser; \
			echo "no Chromium here: page tests will be skipped (on Debian: apt install chromium, rm .venv/.no-browser)"; }; }

demo: setup ## grow a world, train, extract, judge, and write figures/demo/report.html
	@$(BIN)/embedlab demo --out figures/demo

plates: setup ## paint the docs' plates of a simulated tree of life
	@$(BIN)/python -m embedlab.world.sheet docs/pictures

figures: demo ## everything under figures/: each analysis on the demo's stores, and index.html over them
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m embedlab.remake figures

test: setup ## the whole suite that CI runs
	@$(PYTEST) -m "not jupyter"

check: setup ## ruff, house test and fast tests, in under a minute
	@$(BIN)/ruff check .
	@$(PYTEST) -q -m "not browser and not slow and not jupyter"

calibrate: setup ## error rates, coverage and power of the tests over many worlds (resumable; writes docs/calibration.md)
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.calibration.run --write

bench: setup ## side by side with peers, the same numbers first
	@for f in benchmarks/*.py; do name=$$(basename $$f .py); test $$name = timing && continue; echo "== $$name"; \
		OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.$$name || found=1; done; exit $${found:-0}

browser: setup ## the pages in a real Chromium
	@$(PYTEST) -m browser

docs: setup ## the docs as a site in build/docs, every warning an error
	@rm -rf build/docs  # a page that is no more would stay
	@$(BIN)/python -m sphinx -W --keep-going -q docs build/docs && echo "open build/docs/index.html"

wheel: setup ## a wheel in dist/, analyses included
	@$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## remove .venv and what tests leave behind; figures stay
	rm -rf .venv dist build .pytest_cache .ruff_cache .hypothesis
