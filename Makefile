# Two commands do everything on a machine that has only Python >= 3.11 and make:
#   make demo    set up, run the demo study, answer its siting questions, say where the results are
#   make test    set up, lint, types, import layers, tests, doctests
# On a machine that also has the real data, LibreOffice (with pdftotext and pdfinfo) and QGIS for the system's Python (python3-qgis):
#   make verify  campaigns that take an hour: real studies counted again, kills, papers opened by an office program, the project by QGIS
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
ifeq ($(OS),Windows_NT)
BIN    := $(VENV)/Scripts
endif

.PHONY: demo test verify setup setup-dev lint types layers unit bench clean format

demo: $(VENV)/.run
	$(BIN)/geoplan demo
	$(BIN)/geoplan site studies/huzhong/study.yaml --out out/demo/site

test: lint types layers unit

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

# The engine is compiled once, before the workers start, so that they do not all compile it at the same time.
unit: $(VENV)/.dev
	$(BIN)/python -c "import geoplan as gp; gp.site(gp.read_study(gp.demo_study()))"
	$(BIN)/python -m pytest -n 2 --dist loadfile --doctest-modules geoplan tests

# Not part of `make test`: the folder is not searched unless it is named. A skip fails.
verify: $(VENV)/.dev
	$(BIN)/python -m pytest -v --durations=0 tests/verify

bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --constraint constraints.txt "pandana"
	$(BIN)/python benchmarks/run_all.py

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(VENV)/.run
setup-dev: $(VENV)/.dev

$(VENV)/.run: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; assert sys.version_info >= (3, 11), 'geoplan needs Python 3.11 or newer; try: make PYTHON=python3.12 ...'"
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
