# Everything runs from a fresh clone with make, git and Python 3.11. What is missing goes to a
# folder of the user's cache, never to the system and never into this repository.

PYTHON ?= python3
RUN = @$(PYTHON) tools/bootstrap.py
TEST = $(RUN) --extras test -m

.PHONY: demo test test-all bench lint clean

demo:      ## compiles a model, builds firmware, runs it on two emulated cores
	$(RUN) -m ferrule.demo

test:      ## runs the tests that a change needs
	$(TEST) pytest -q -ra

test-all:  ## runs every test, also the long ones
	$(TEST) pytest -q -ra -m ""

bench:     ## measures every model on every board and rewrites the tables
	$(RUN) tools/bench_table.py
	$(RUN) tools/kernel_table.py

lint:      ## checks style and types
	$(TEST) ruff check
	$(TEST) ruff format --check
	$(TEST) mypy

clean:     ## removes what builds and tests leave in the repository
	rm -rf target dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
