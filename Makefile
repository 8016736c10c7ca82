# Needs Python 3.11 or newer with venv and pip, and make. `make` runs every check; `make help` names the rest.
PYTHON ?= python3
ARGS ?=
# A folder with more that was read by hand, for `make accuracy`; docs/accuracy.md tells what may lie in it.
MEASURE_DIR ?=

bin := .venv/bin
.DEFAULT_GOAL := check
.PHONY: check lint types contract test coverage mutants accuracy chaos bench demo install install-dev lock format clean help

check: lint types contract test  ## everything below, as it must pass before a change goes in

lint: install-dev  ## style and formatting
	@echo "lint"
	@$(bin)/ruff check --quiet .
	@$(bin)/ruff format --quiet --check . || { echo "not formatted: run 'make format'" >&2; exit 1; }

types: install-dev  ## mypy, strict
	@echo "types"
	@$(bin)/mypy --no-error-summary

contract: install-dev  ## who may import whom
	@echo "import contract"
	@$(bin)/lint-imports --no-logo > .venv/contract.log 2>&1 || { cat .venv/contract.log >&2; exit 1; }

test: install-dev  ## the tests; choose among them with ARGS='-k outbox'
	@$(bin)/python -m pytest $(ARGS)

coverage: install-dev  ## which branches of the guard, the outbox and the archive their tests go; under 95 % fails
	@$(bin)/python -m tests.branches

mutants: install-dev  ## how many faults put into these modules their tests notice; an hour or more, or ARGS='storage.outbox*'
	@$(bin)/python -c 'import mutmut' 2>/dev/null || { echo "first: $(bin)/pip install 'mutmut>=3.8,<4'" \
		"(it stands in requirements-optional.in, and is in no lock file)" >&2; exit 1; }
	@$(bin)/mutmut run --max-children 2 $(ARGS)
	@$(bin)/mutmut results

accuracy: install-dev  ## measure reading and deciding anew, into docs/accuracy.md
	@$(bin)/python -m tests.accuracy --write docs/accuracy.md $(if $(MEASURE_DIR),--measure-dir '$(MEASURE_DIR)')

chaos: install-dev  ## the long form of the tests of faults: a replayed day, hostile servers, isolation, a soak; takes a while
	@$(bin)/python -m tests.chaos $(ARGS)

bench: install-dev  ## what reading costs beside extracting, on this machine
	@$(bin)/python -m tests.bench $(ARGS)

demo: install  ## the whole product on this machine, without a network
	@$(bin)/python worker.py demo --once $(ARGS)

format: install-dev  ## lay the code out, and mend what can be mended safely
	@$(bin)/ruff check --quiet --fix-only .
	@$(bin)/ruff format --quiet .

# The stamp is a copy of the requirements that were installed: it compares by content, where a checkout changes the
# times of files at will. pip's -qq hides warnings, of which an old pip has one for an extra that lxml has renamed.
define installed
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12" >&2; exit 1; }
	@if ! $(bin)/python -c '' 2>/dev/null || ! cmp -s $(1) .venv/$(1); then \
		if $(bin)/python -c '' 2>/dev/null; then echo "bringing .venv up to date with $(1)" >&2; \
		else echo "making .venv from $(1) (first time: about a minute)" >&2; $(PYTHON) -m venv --clear .venv; fi \
		&& $(bin)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $(1) \
		&& cp $(1) .venv/$(1); \
	fi
endef

install:  ## .venv with what the worker runs on
	$(call installed,requirements.txt)

install-dev: install  ## .venv with what the checks need as well
	$(call installed,requirements-dev.txt)

# Compiled on the oldest Python we support, so that the pins fit all newer ones. The lock files name no host: hashes
# say what a package is, wherever it comes from.
compile := CUSTOM_COMPILE_COMMAND='make lock' $(bin)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links $(ARGS)

lock: install-dev  ## recompile the pins; newer versions with ARGS=--upgrade
	@$(bin)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
		|| { echo "lock with Python 3.11, the oldest one supported" >&2; exit 1; }
	@echo "compiling requirements.txt, requirements-dev.txt" >&2
	@$(compile) --output-file requirements.txt requirements.in
	@$(compile) --output-file requirements-dev.txt requirements-dev.in
	@! grep -nE '://|^ *--(index|extra-index|find|trusted)' requirements.txt requirements-dev.txt

clean:  ## remove .venv and the tools' caches; the data folder stays
	@rm -rf .venv mutants .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## this list
	@sed -nE 's/^([a-z-]+):.*  ## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14
