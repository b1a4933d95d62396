# What this project does, one target each. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install install-predict repro test verify evaluate-compact web beyond grid lock in-git

help:  ## list the targets
	@awk -F ':.*## *' '/^[a-z-]+:.*##/ {printf "%-18s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(BIN)/.installed  ## make .venv with the pinned packages

install-predict: $(BIN)/.installed-predict  ## add what pipeline.predict, evaluate-compact and the stage export of beyond need

repro: in-git $(BIN)/.installed  ## set up, then run the pipeline: tables and figures from synthetic faces
	dvc repro
	@echo "The report: $(CURDIR)/reports/index.html"

test: $(BIN)/.installed-test  ## set up, then run the tests, offline; SELECT="not trains": those that train nothing
	ruff check .
	pytest -m "$(SELECT)"

verify: in-git $(BIN)/.installed  ## run the committed pipeline in a fresh clone and compare; ROWS=table3-GoogLeNet: these rows alone
	python -m pipeline.verify $(if $(ROWS),--rows $(ROWS))

evaluate-compact: $(BIN)/.installed-predict  ## score the kept Compact weights, or WEIGHTS=wide-0, and their ONNX file: ARCHIVE=/path/to/fer2013.zip
	FER2013_ARCHIVE="$(or $(ARCHIVE),$(FER2013_ARCHIVE))" python -m pipeline.weights $(or $(WEIGHTS),compact-0)

web: $(BIN)/.installed-predict web/node_modules/.package-lock.json web/python_modules/.installed  ## build the page that answers in a browser: web/dist
	python -m pipeline.web

beyond: in-git $(BIN)/.installed-predict  ## put the pipeline of rows that are not the paper's in place: beyond/dvc.yaml
	cp beyond/stages.yaml beyond/dvc.yaml && git add beyond/dvc.yaml

grid: in-git  ## put the pipeline of the paper's search in place: grid/dvc.yaml
	cp grid/stages.yaml grid/dvc.yaml && git add grid/dvc.yaml

lock: $(BIN)/.installed  ## compile the pinned requirements from the short lists
	$(BIN)/pip install --quiet uv
	uv pip compile --universal --python-version 3.11 --quiet requirements.in -o requirements.txt
	uv pip compile --python-platform linux --python-version 3.11 --quiet requirements-gpu.in -o requirements-gpu.txt
	for name in cluster predict test; do uv pip compile --universal --python-version 3.11 --quiet requirements-$$name.in -o requirements-$$name.txt; done

# DVC and git add want a repository, which a downloaded zip is not; of another user's clone git says itself what to do.
in-git:
	@said=$$(LC_ALL=C git rev-parse --git-dir 2>&1) || { case "$$said" in \
		*"not a git repository"*) echo "expected a git repository, received none: run git init && git add --all && git commit -m start";; \
		*) echo "$$said";; esac >&2; exit 2; }

# Made anew when requirements.txt changes; remove .venv after moving the folder or for another PYTHON. A failed install leaves no mark.
$(BIN)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11, 4) <= sys.version_info < (3, 14))' \
		|| { echo "expected Python 3.11.4 to 3.13, received: $$($(PYTHON) --version); run make PYTHON=python3.11"; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(BIN)/.installed-predict: $(BIN)/.installed requirements-predict.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-predict.txt
	@touch $@

$(BIN)/.installed-test: $(BIN)/.installed requirements-test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@

# What the page is built of, as web/package-lock.json and web/requirements.txt pin it. No script of a package is run.
web/node_modules/.package-lock.json: web/package-lock.json
	@command -v npm > /dev/null || { echo "expected npm, found none; install Node.js 20 or newer (Debian: apt install npm)"; exit 2; }
	@npm ci --prefix web --ignore-scripts --no-audit --no-fund --silent
	@touch $@

web/python_modules/.installed: $(BIN)/.installed web/requirements.txt
	@rm -rf web/python_modules
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
		--target web/python_modules -r web/requirements.txt
	@touch $@
