# Needs Python >= 3.10, git and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help venv demo test check format bench clean

help:
	@echo "make demo    run lcmemlint on the example apps"
	@echo "make test    run all tests"
	@echo "make check   ruff and mypy"
	@echo "make format  let ruff write"
	@echo "make bench   timings; prints ratios"

venv: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	  || { echo "lcmemlint: $(PYTHON) is older than 3.10; try make PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# Findings are what the demo is for, so their exit code 1 is a success; 2 is not.
demo: $(READY)
	@for app in examples/*/; do \
	  echo "$$ lcmemlint $$app"; \
	  $(BIN)/lcmemlint --no-config --root "$$app" "$$app" || [ $$? -eq 1 ] || exit 2; \
	  echo; \
	done
	@echo '$$ lcmemlint --diff examples/fastapi_three_files'
	@$(BIN)/lcmemlint --no-config --root examples/fastapi_three_files --diff examples/fastapi_three_files || [ $$? -eq 1 ]

test: $(READY)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)
	$(BIN)/python bench/run.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
