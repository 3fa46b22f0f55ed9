# Sluice's few words: `make up` runs it, `make test` proves it. Nothing but Python 3.11+ and make is needed.

PYTHON ?= python3
BIN := .venv/bin
# PIP=1 installs by pip, which reads pip's own configuration; uv is faster but reads UV_INDEX_URL instead.
INSTALL = $(if $(PIP),$(BIN)/python -m pip install --quiet,$(BIN)/uv pip install --quiet --python $(BIN)/python)
RUNTIME := requirements.txt requirements-embedded.txt
TOOLS := requirements-test.txt requirements-tooling.txt
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--only-binary :all: --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.PHONY: help up smoke test exhaustive quick lint format faults bench requirements clean

help:  ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: .venv/runtime.ok  ## run everything here, with a demonstration; Ctrl-C ends it
	@$(BIN)/python manage.py up --end-with-parent

smoke: .venv/runtime.ok  ## do the tutorial against a running `make up` and time the first event
	@$(BIN)/python manage.py smoke

test: lint  ## lint, then all tests but the exhaustive ones
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

quick: .venv/tools.ok  ## the tests that take less than about five seconds each
	$(BIN)/python -m pytest -m "not slow and not exhaustive" $(ARGS)

exhaustive: .venv/tools.ok  ## what `make test` leaves out, as it takes long: the other brokers, faults and looks
	$(BIN)/python -m pytest -m exhaustive -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: .venv/tools.ok  ## ruff, mypy and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

format: .venv/tools.ok  ## let ruff correct what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

faults: .venv/tools.ok  ## kill everything, many times, and count what was lost
	$(BIN)/python -m tests.faults $(ARGS)

bench: .venv/tools.ok  ## measure, beside the naive design
	$(BIN)/python -m tests.bench $(ARGS)

requirements: .venv/tools.ok  ## resolve what pyproject.toml names into the hash-pinned files
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) --group embedded -c requirements.txt -o requirements-embedded.txt
	$(COMPILE) --group test -c requirements.txt -c requirements-embedded.txt -o requirements-test.txt
	$(COMPILE) --group tooling -c requirements.txt -c requirements-embedded.txt -c requirements-test.txt \
		-o requirements-tooling.txt

clean:  ## remove the environment and what tools left; var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis tests/kafka/lib

.venv/python.ok:
	@command -v $(PYTHON) >/dev/null \
		|| { echo "make: $(PYTHON) is not installed; Sluice needs Python 3.11 or newer (make PYTHON=/path/to/python3)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "make: $$($(PYTHON) --version) is too old; Sluice needs 3.11 or newer (make PYTHON=/path/to/python3)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "make: this Python has no venv module; on Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

# uv by its own pin and hashes, taken from the tooling's file.
.venv/uv.ok: .venv/python.ok
	@$(if $(PIP),,awk '/^[^ #]/ {on = /^uv==/} on' requirements-tooling.txt > .venv/uv.txt \
		&& $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt)
	@touch $@

.venv/runtime.ok: $(RUNTIME) .venv/uv.ok
	@echo "installing what Sluice needs into .venv"
	@$(INSTALL) --require-hashes $(RUNTIME:%=-r %) \
		|| { echo "make: the packages could not be installed; behind a mirror set UV_INDEX_URL, or try: make PIP=1 $(MAKECMDGOALS)"; exit 1; }
	@touch $@

.venv/tools.ok: $(TOOLS) .venv/runtime.ok
	@echo "installing what the tests and checks need into .venv"
	@$(INSTALL) --require-hashes $(TOOLS:%=-r %) \
		|| { echo "make: the packages could not be installed; behind a mirror set UV_INDEX_URL, or try: make PIP=1 $(MAKECMDGOALS)"; exit 1; }
	@touch $@
