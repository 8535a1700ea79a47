# Two commands matter: `make demo` opens the app on the demo homelab, `make test` checks everything.
# The first run sets up .venv; after that both work offline. All paths are relative, so a folder with spaces is fine.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

.PHONY: demo test setup lint format types contracts unit bench screenshots docs clean

demo: $(STAMP)
	@$(BIN)/python -m compileall -q tui widgets themes
	@$(BIN)/pointsman --demo

test: lint types contracts unit

setup: $(STAMP)

$(STAMP): pyproject.toml .dev/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Pointsman needs Python 3.11 or newer; this is " + sys.version.split()[0] + " (set PYTHON=python3.12, say)")'
	@echo "Setting up .venv (once, a minute or two)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .dev/constraints.txt -e ".[dev]"
	@touch $(STAMP)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP)
	cd .dev && ../$(BIN)/python -m mypy --config-file ../pyproject.toml --cache-dir ../.mypy_cache -p pointsman.tui -p pointsman.widgets -p pointsman.themes

contracts: $(STAMP)
	$(BIN)/lint-imports --no-cache

unit: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not bench"

bench: $(STAMP)
	$(BIN)/python -m pytest tests/bench -m bench -s -p no:xdist

screenshots: $(STAMP)
	$(BIN)/python screenshots/make.py

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache dist build
