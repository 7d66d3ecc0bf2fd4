# Needs Python >= 3.10, git and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The generations of LangChain that repaired apps are proven on, an environment each.
GENERATIONS ?= 0.1 0.2 0.3 1

# Which tests run; "not exhaustive" is what CI runs, "proof or not proof" is all of them.
MARKS ?= not proof
PROOFS ?= proof or not proof

# How many processes share the tests; 0 runs them in one, for a debugger.
WORKERS ?= auto

.PHONY: help venv demo test test-proof check format fuzz ecosystem ecosystem-update mutants coverage docs pictures figures bench bench-turns profile clean

help:
	@echo "make demo    run lcmemlint on the example apps"
	@echo "make test    run all tests"
	@echo "make test-proof  all repaired apps, as several processes, on LangChain $(GENERATIONS)"
	@echo "make check   ruff and mypy"
	@echo "make format  let ruff write"
	@echo "make fuzz    random programs and spoilt files; FUZZ=\"--programs 200000\" for more"
	@echo "make mutants    small faults in checks, fixes and link: do the tests notice them?"
	@echo "make coverage   which branches the tests pass"
	@echo "make ecosystem  what 60 public packages get, beside what they got before; -update keeps it"
	@echo "make docs    build the documentation site"
	@echo "make pictures, make figures   renew what README and site show"
	@echo "make bench   timings beside other linters; ROWS=m-cold,changed measures these only"
	@echo "make profile TREE=path  where the time of a run goes"

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
	$(BIN)/python -m pytest -m "$(MARKS)" --numprocesses $(WORKERS) --dist worksteal

test-proof: $(GENERATIONS:%=.venv-langchain-%/.ready) $(READY)
	@for generation in $(GENERATIONS); do \
	  echo "LangChain $$generation"; \
	  LCMEMLINT_LANGCHAIN_PYTHON=$(CURDIR)/.venv-langchain-$$generation/bin/python \
	    $(BIN)/python -m pytest -m "$(PROOFS)" tests/proof || exit; \
	done

.venv-langchain-%/.ready: tests/proof/generations/%.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

fuzz: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz $(FUZZ)

mutants: $(READY)
	$(BIN)/python -m tests.mutants

coverage: $(READY)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses $(WORKERS) --dist worksteal
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

ecosystem: $(READY)
	$(BIN)/python -m tests.ecosystem

ecosystem-update: $(READY)
	$(BIN)/python -m tests.ecosystem --update

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --site-dir build/site
	@echo "build/site/index.html is the start page; $(BIN)/mkdocs serve shows it while you write"

# Rewrites what README and site show of real output.
pictures: $(READY)
	$(BIN)/python tools/pictures.py
	$(BIN)/python tools/tables.py

# Needs redis-server and Postgres.
figures: $(READY)
	$(BIN)/python tools/figures.py
	$(BIN)/python tools/tables.py

bench: $(READY)
	$(BIN)/python bench/run.py --rows "$(ROWS)"

# Needs redis-server and Postgres.
bench-turns: $(READY)
	$(BIN)/python bench/turns.py

profile: $(READY)
	$(BIN)/python bench/profiled.py $(TREE)

clean:
	rm -rf $(VENV) .venv-langchain-* build dist .mypy_cache .pytest_cache .ruff_cache .coverage*
