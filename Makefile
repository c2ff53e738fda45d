# Both targets set up .venv from pyproject.toml; nothing else is needed but Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint clean

demo: .venv/.run
	$(BIN)/dtt-sim run scenarios/kien_giang/scenario.toml --out out/kien_giang

test: .venv/.test
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/.run: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/.test: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@ .venv/.run

clean:
	rm -rf .venv out build dist *.egg-info
