# make repro: set up and run the pipeline.  make test: set up and run the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: repro test verify evaluate-compact lock

repro: $(BIN)/.installed
	dvc repro
	@echo "The report: $(CURDIR)/reports/index.html"

test: $(BIN)/.installed-test
	ruff check .
	pytest

verify: $(BIN)/.installed
	python -m pipeline.verify

# ARCHIVE=/path/to/fer2013.zip: what the kept weights of the Compact network score on its official test faces.
evaluate-compact: $(BIN)/.installed
	FER2013_ARCHIVE="$(ARCHIVE)" python -m pipeline.weights compact-0

# Compiles the pinned requirements from the short lists.
lock: $(BIN)/.installed
	$(BIN)/pip install --quiet uv
	uv pip compile --universal --python-version 3.11 --quiet requirements.in -o requirements.txt
	uv pip compile --python-platform linux --python-version 3.11 --quiet requirements-gpu.in -o requirements-gpu.txt
	for name in cluster test; do uv pip compile --universal --python-version 3.11 --quiet requirements-$$name.in -o requirements-$$name.txt; done

# Made anew when requirements.txt changes; remove .venv after moving the folder or for another PYTHON. A failed install leaves no mark.
$(BIN)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "expected Python 3.11 to 3.13, received: $$($(PYTHON) --version); run make PYTHON=python3.11"; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(BIN)/.installed-test: $(BIN)/.installed requirements-test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@
