# Intaglio. The first two targets to know: `make demo` and `make test`.
# Everything a target needs is built by it: the environment lives in .venv, from the hashed lock.
.DEFAULT_GOAL := help
.PHONY: help demo test up check soak bench gpu fmt lock clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
UV_VERSION := 0.13.9

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

.venv/ready: requirements.lock pyproject.toml
	@echo "Building the environment in .venv (once; about 6 GB, because torch brings its CUDA libraries)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Intaglio needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv/ready ## a prompt becomes a picture, is erased, and the record stands; leaves demo.png
	$(BIN)/intaglio demo

test: .venv/ready ## the tests, against real Kafka, PostgreSQL and OpenBao that they start themselves
	$(BIN)/python -m pytest

up: .venv/ready ## start the platform here; Ctrl-C stops it
	$(BIN)/intaglio up

check: .venv/ready ## format, lint, types, layers, schemas
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python -m events.check

bench: .venv/ready ## the ratios of tests/bench, printed and written to bench.json
	$(BIN)/python -m pytest tests/bench --override-ini='norecursedirs=.* soak' -q -s

soak: .venv/ready ## the long runs: hundreds of kills, many events
	$(BIN)/python -m pytest tests/soak --override-ini='norecursedirs=.* bench' -q -s --timeout=7200

gpu: ## the engine's suite on a GPU
	@echo "make gpu is not available yet: the engine's GPU suite comes with step-level batching." >&2; exit 1

fmt: .venv/ready ## rewrite formatting and imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: .venv/ready ## resolve the dependencies again (hashes only, no address of any index)
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --extra embedded --group dev --group build \
		--generate-hashes --no-emit-index-url --no-header --no-annotate --quiet -o requirements.lock

clean: ## remove what was built here
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis demo.png bench.json
