# Everything a person types here: make demo, make test, make check, make images, make clean.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEEP := .venv-deep
DEEP_READY := $(DEEP)/.ready
BUILD := .cache/build
BUILD_READY := $(BUILD)/.ready
OLDEST := .cache/oldest
OLDEST_READY := $(OLDEST)/.ready
DIST ?= dist
# All that constraints-oldest.txt names, and what the tests themselves need.
OLDEST_PACKAGES = $(shell sed -n 's/==.*//p' constraints-oldest.txt) httpx hypothesis nbclient nbconvert papermill playwright polars psutil pytest pytest-timeout pytest-xdist
MODULES := js/node_modules/.package-lock.json
STATIC := src/hermes_hud_widget/static/widget.js
JS_SOURCES := $(shell find js/src js/lab -type f 2>/dev/null) js/build.mjs js/package.json js/tsconfig.json

.DEFAULT_GOAL := help
.PHONY: help demo dist oldest test check lint images bench bench-quick soak deep deep-unused deep-api deep-histories deep-mutants types format clean system-demo system-test system-images

help:
	@echo "make demo                      JupyterLab on a made-up home in which an agent works"
	@echo "make demo HOME_DIR=~/.hermes   the same on a real home"
	@echo "make test                      every test, those in a real JupyterLab and with the real Hermes included"
	@echo "make check                     lint, types, layers, unit tests, in seconds"
	@echo "make dist                      wheel and sdist, in dist/"
	@echo "make images                    the screenshots in docs/images/"
	@echo "make oldest                    a wheel with the oldest versions that are promised, in their JupyterLab and Notebook"
	@echo "make bench                     measures what is promised about speed, some 40 minutes; docs/performance.md"
	@echo "make bench-quick               the same with fewer repeats and smaller sizes, only printed; ROWS='message memory'"
	@echo "make soak                      ten minutes of 20 commits/s: does the server's memory grow? only printed"
	@echo "make deep                      what no check can do in seconds: unused code, the API fuzzed, made-up histories, mutants; some 40 minutes"
	@echo "make types                     the browser's types and docs/frames.md, from the Python declarations"

demo: system-demo $(READY) $(STATIC)
	@$(BIN)/python tools/demo_lab.py $(if $(HOME_DIR),--home "$(HOME_DIR)")

test: system-test lint
	cd js && npm test --silent
	PYTHONPATH=tests $(BIN)/python -m real.agent
	@# Much of the time is waiting for other processes, so two at once, in their order: those that take longest would be
	@# the last ones if the files with most tests came first. Those in the browser alone: they hold the HUD to the
	@# seconds that it promises.
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --ignore tests/browser; others=$$?; \
	$(BIN)/python -m pytest tests/browser && exit $$others

check: lint
	cd js && npm test --silent
	$(BIN)/python -m pytest -m "not browser and not real and not live" -q

lint: $(READY) $(STATIC)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd js && npm run --silent check

images: system-images $(READY) $(STATIC)
	PYTHONPATH=tests $(BIN)/python tools/images.py

# The same bytes whenever they are made of the same commit. The sdist holds the built modules: who installs it needs no node.
dist: $(BUILD_READY) $(STATIC)
	rm -f "$(DIST)"/hermes_hud_widget-*
	@# Outside a checkout, as of an sdist, git knows no date: hatchling's own for that case.
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 1580601600) $(BUILD)/bin/python -m hatchling build -d "$(abspath $(DIST))"

# Python, the host and the wheel are those of one environment. Without tests of the sources' own folders and of speed.
oldest: system-test $(OLDEST_READY) dist
	$(OLDEST)/bin/python -m pip install --quiet --force-reinstall --no-deps "$(DIST)"/hermes_hud_widget-*.whl
	$(OLDEST)/bin/python -m pytest tests/live/test_kernel.py tests/live/test_frames.py tests/live/test_headless.py \
		tests/test_relay.py tests/test_client.py tests/test_server.py tests/test_frames.py tests/test_home.py tests/test_tables.py \
		tests/test_snapshot.py
	$(OLDEST)/bin/python -m pytest tests/browser/test_live.py tests/browser/test_notebook7.py tests/browser/test_lab_boot.py \
		tests/browser/test_side_panel.py tests/browser/test_proxy.py

bench: system-test $(READY) $(STATIC)
	PYTHONPATH=tests $(BIN)/python -m bench

bench-quick: system-test $(READY) $(STATIC)
	PYTHONPATH=tests $(BIN)/python -m bench --quick $(if $(ROWS),--only $(ROWS))

soak: $(READY) $(STATIC)
	PYTHONPATH=tests $(BIN)/python -m bench --only soak

deep: deep-unused deep-api deep-histories deep-mutants

deep-unused: $(DEEP_READY) $(MODULES)
	$(DEEP)/bin/python tools/deep_unused.py
	cd js && npm run --silent unused

deep-api: $(DEEP_READY)
	$(DEEP)/bin/python tools/deep_api.py

deep-histories: $(READY)
	HISTORIES=300 $(BIN)/python -m pytest -q tests/real/test_history_machine.py tests/ledger/test_histories.py --timeout=3600

deep-mutants: $(DEEP_READY)
	$(DEEP)/bin/python tools/deep_mutants.py

types: $(READY) $(MODULES)
	$(BIN)/python tools/schema.py
	$(BIN)/python tools/frames.py
	cd js && npm run --silent types

format: $(READY) $(MODULES)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd js && npm run --silent format

clean:
	rm -rf $(VENV) $(DEEP) .venv-hermes .cache mutants js/node_modules src/hermes_hud_widget/static src/hermes_hud_widget/labextension dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

system-demo:
	@sh tools/system.sh $(PYTHON)

system-test:
	@sh tools/system.sh $(PYTHON) chromium strace ssh openssl

system-images:
	@sh tools/system.sh $(PYTHON) chromium chinese-font

$(READY): pyproject.toml constraints.txt hatch_build.py | $(STATIC)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --group dev
	@# JupyterLab's extension as it was built last; a wheel has it there itself.
	@mkdir -p $(VENV)/share/jupyter/labextensions
	@ln -sfn "$(CURDIR)/src/hermes_hud_widget/labextension" $(VENV)/share/jupyter/labextensions/hermes-hud-widget
	@touch $@

$(BUILD_READY): constraints.txt
	$(PYTHON) -m venv $(BUILD)
	$(BUILD)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt hatchling
	@touch $@

$(OLDEST_READY): pyproject.toml constraints-oldest.txt
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-oldest.txt $(OLDEST_PACKAGES)
	@touch $@

# Apart: schemathesis is a plugin of pytest, too.
$(DEEP_READY): pyproject.toml constraints.txt hatch_build.py | $(STATIC)
	$(PYTHON) -m venv $(DEEP)
	$(DEEP)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --upgrade pip
	$(DEEP)/bin/python -m pip install --quiet --constraint constraints.txt --editable . --group dev --group deep
	@touch $@

$(MODULES): js/package-lock.json
	cd js && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(STATIC): $(JS_SOURCES) $(MODULES)
	cd js && npm run --silent build
	@touch $@
