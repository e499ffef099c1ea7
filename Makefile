# Everything a newcomer types. `make run` and `make test` set up .venv first, quickly when it is there.
.DEFAULT_GOAL := help
.PHONY: help setup run test check bench conformance mutants screenshots

VENV := .venv/bin/python
# The first Python that is new enough and can make environments; else any that is new enough.
define SETUP
@for needed in "import sys, venv, ensurepip" "import sys"; do \
	for python in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3; do \
		if $$python -c "$$needed; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then \
			exec $$python setup_environment.py $(1); \
		fi; \
	done; \
done; \
echo "setup: no Python 3.11 or newer found (tried $(PYTHON) python3.11 to python3.14 and python3)." >&2; \
echo "       Install one (on Debian and Ubuntu: apt-get install python3 python3-venv), or name it: make setup PYTHON=/path/to/python3" >&2; \
exit 1
endef

help:
	@echo "make run          set up, then open the window on the demo (without a screen: do the demo's job and print it)"
	@echo "make test         set up, then run the tests"
	@echo "make check        ruff, mypy and the import rules"
	@echo "make bench        measure start-up, opening, layout and forward passes, with other engines beside us"
	@echo "make conformance  hold every layer type beside real Caffe's answers and write core/layers/CONFORMANCE.md"
	@echo "make mutants      plant faults in a copy of the tree and count those that the tests notice (20 minutes)"
	@echo "make screenshots  draw the pictures of README.md anew"
	@echo "make setup        only set up"

setup:
	$(call SETUP)

run: setup
	@$(VENV) main.py --demo

# A file of tests at a time to each core, in the order that tests/conftest.py gives.
test: setup
	@$(VENV) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(TESTS)

check: setup
	$(VENV) -m ruff check
	$(VENV) -m ruff format --check
	$(VENV) -m mypy
	.venv/bin/lint-imports --no-cache

bench:
	$(call SETUP,bench)
	@$(VENV) -m tests.bench.run $(BENCH)

conformance: setup
	@$(VENV) -m tests.conformance.table
	@$(VENV) -m tests.conformance.gradients

mutants: setup
	@$(VENV) -m tests.mutants.run $(MUTANTS)

screenshots: setup
	@$(VENV) main.py --screenshots resources/readme
