# `make run` starts the dashboard, `make test` checks everything; both first install what is missing into .venv.
# make run LOCKED=1 takes each package only where its hash stands in requirements.lock (all but torch and torchvision).
# Other Python: make run PYTHON=/path/to/python3. Other port: make run PORT=8600. For a class: make run HOST=0.0.0.0.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:

VENV ?= .venv
PORT ?= 8501
# Who may come: this machine alone, or with HOST=0.0.0.0 everybody who reaches it, without a password.
HOST ?= 127.0.0.1
PYTHON ?=
ARGS ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SOURCES = $(wildcard app.py pruning pages assets/*.py benchmarks tests)
TYPED = $(wildcard app.py pruning pages)

# Threads that wait must sleep: spinning ones slow everything when workers share cores.
export OMP_WAIT_POLICY := PASSIVE
export GOMP_SPINCOUNT := 0

.PHONY: run test lint types gpu bench faults load attack lock sbom audit train grids orderings compare reproduce clean install

run: $(VENV)/.installed
	@if [ "$(HOST)" != 127.0.0.1 ]; then echo "Listening on $(HOST): everybody who reaches this machine may use the app, and no password is asked for (docs/deploy.md)."; fi
	$(BIN)/python app.py --server.address $(HOST) --server.port $(PORT)

# Two processes: one waits for pages while the other computes. One alone: make test TOGETHER=
TOGETHER ?= -n 2 --dist loadfile --no-loadscope-reorder

# A browser draws the pictures and is driven by the tests: .ci/chromium finds or installs one and says where it is.
test: lint types
	bash .ci/postgresql
	browser="$$(bash .ci/chromium $(BIN)/python)"; BROWSER_PATH="$$browser" $(BIN)/python -m pytest $(TOGETHER) $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check --quiet $(SOURCES)

types: $(VENV)/.installed-dev
	$(BIN)/ty check --python $(VENV) $(TYPED)

# Everything that a GPU computes, once, and the times of ranking, curve and training: at most five minutes on one. Where
# nothing is installed but torch, numpy, pandas, scipy, safetensors and pydantic: python tests/gpu/check.py
gpu: $(VENV)/.installed
	$(BIN)/python tests/gpu/check.py $(ARGS)

# One file, one measurement: each script of benchmarks/ runs by itself, too. removal.py takes half an hour; what breaks
# things or lets thirty people in has its own command, and its latest full run joins the report.
bench: $(VENV)/.installed-dev
	browser="$$(bash .ci/chromium $(BIN)/python)"; BROWSER_PATH="$$browser" $(BIN)/python benchmarks/bench.py $(ARGS)

# What a workshop meets: things that break at random moments, and thirty people at once.
faults: $(VENV)/.installed
	$(BIN)/python benchmarks/faults.py $(ARGS)

load: $(VENV)/.installed
	$(BIN)/python benchmarks/load.py $(ARGS)

# What strangers try: links, messages, files, floods, other users of this machine; at most three minutes, on loopback.
# The quick part, which CI runs as tests/test_attack.py: make attack ARGS=--quick
attack: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/attack.py $(ARGS)

# requirements.lock anew, after a change of requirements.txt; needs PyPI. What it named until now binds nothing here.
lock: FRESH = 1
lock: $(VENV)/.installed
	bash .ci/lock $(BIN)/python

# A software bill of materials of what is installed (CycloneDX), and what is known of its weaknesses. The audit asks
# PyPI's database, which no machine of ours reached: the command is not verified.
TOOLS = $(VENV)/tools
sbom: $(VENV)/.installed $(TOOLS)/.installed
	$(TOOLS)/bin/cyclonedx-py environment $(BIN)/python --output-reproducible --output-file test-results/sbom.cdx.json
	@echo "test-results/sbom.cdx.json"

audit: $(VENV)/.installed $(TOOLS)/.installed
	$(TOOLS)/bin/pip-audit --requirement requirements.lock --require-hashes --disable-pip

$(TOOLS)/.installed: $(VENV)/.created
	mkdir -p test-results
	$(BIN)/python -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet cyclonedx-bom==7.5.0 pip-audit
	touch $@

train: $(VENV)/.installed
	$(BIN)/python assets/train.py $(ARGS)

grids: $(VENV)/.installed
	$(BIN)/python assets/grids.py $(ARGS)

orderings: $(VENV)/.installed
	$(BIN)/python assets/orderings.py $(ARGS)

compare: $(VENV)/.installed
	$(BIN)/python assets/compare.py $(ARGS)

reproduce: $(VENV)/.installed
	$(BIN)/python assets/reproduce.py $(ARGS)

install: $(VENV)/.installed

# Results of people (var/) and resumable trainings (.train/) stay.
clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.created:
	bash .ci/venv $(VENV) "$(PYTHON)"
	touch $@

# What requirements.txt does not pin itself is taken in the versions of requirements.lock, which were tested together.
$(VENV)/.constraints: requirements.txt requirements.lock $(VENV)/.created
	bash .ci/constraints >$@

$(VENV)/.installed: requirements.txt $(VENV)/.constraints
	@echo "Installing what requirements.txt names into $(VENV): a few minutes the first time …"
	$(if $(LOCKED),$(PIP) --require-hashes --no-deps -r requirements.lock)
	$(PIP) -r requirements.txt $(if $(FRESH),,--constraint $(VENV)/.constraints)
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing the test tools …"
	$(PIP) -r requirements-dev.txt $(if $(FRESH),,--constraint $(VENV)/.constraints)
	touch $@
