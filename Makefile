# The commands of the README. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Twice as many processes as cores: tests of clusters often wait, for deadlines or starts.
PROCESSES := $(shell expr $$(nproc) \* 2)
# Processes without TensorFlow start at once, and their tests wait most of the time.
WAITING := $(shell expr $$(nproc) \* 3)
ENGINE_PACKAGES := slurm-wlm munge openmpi-bin iproute2 util-linux

NAME ?=
STRATEGY ?=
WORKERS ?=
REPLICAS ?=
MODE ?=
DEVICE ?=
QUICK ?=
VERSIONS ?=
PARTS ?=

.PHONY: help setup setup-engines run scenario test test-unit test-watching test-process test-browser test-distributed \
	test-engines test-older soak matrix atlas lint types readme-pictures bench map schemas catalogue docs docs-pages notebooks check-picture doctor clean

##@ Set up
help:  ## this list
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY)  ## make .venv with the package and its tools

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[tensorflow,dev,plots]'
	@touch $@

setup-engines: $(VENV)/.engines  ## what `make test-engines` needs; as root its Debian packages, too

$(VENV)/.engines: $(READY)
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends $(ENGINE_PACKAGES); \
	else echo "engine tests need these packages of Debian: $(ENGINE_PACKAGES)"; fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[tensorflow,dev,plots,engines]'
	@touch $@

doctor: setup  ## versions, devices, leftovers
	$(BIN)/testbed doctor

clean:  ## remove the environment, the runs and the caches
	rm -rf $(VENV) .testbed run.json page.html bench.json bench.html plots build dist .pytest_cache .mypy_cache .ruff_cache

##@ Use it
run: setup  ## run every scenario on the default strategies; writes run.json and page.html
	$(BIN)/testbed run --json run.json --html page.html

scenario: setup  ## run one: NAME=module_global STRATEGY=... WORKERS=2 REPLICAS=2 MODE=... DEVICE=...
	@test -n "$(NAME)" || { echo "make scenario: NAME=... is missing; names:"; $(BIN)/testbed list | grep -E '^[a-z_]+:'; exit 2; }
	$(BIN)/testbed run $(NAME) $(STRATEGY:%=--strategy %) $(WORKERS:%=--workers %) \
		$(REPLICAS:%=--replicas %) $(MODE:%=--mode %) $(DEVICE:%=--device %)

bench: setup  ## what sharing, scaling, the wire and the testbed cost: QUICK=1 within a minute; DEVICE=gpu
	$(BIN)/testbed bench $(QUICK:%=--quick) $(DEVICE:%=--device %) \
		--json bench.json --plots plots --html bench.html

##@ Test
test: lint types test-unit test-watching test-process test-browser test-distributed  ## every test but the soak

lint: setup  ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup  ## mypy --strict
	$(BIN)/mypy

test-unit: setup  ## the logic alone, and the house rules
	$(BIN)/python -m pytest -q -n auto --dist loadfile tests/unit tests/house -m "not soak"

test-watching: setup  ## watchers in processes with TensorFlow and two logical CPUs
	$(BIN)/python -m pytest -q -n auto --dist worksteal tests/watching -m "not soak"

test-process: setup  ## real processes, no TensorFlow
	$(BIN)/python -m pytest -q -n $(WAITING) --dist worksteal tests/process -m "not soak"

# One browser takes all cores by itself.
test-browser: setup  ## the page in a real browser; skipped where there is none
	$(BIN)/python -m pytest -q -rs tests/browser

test-distributed: setup  ## real clusters, side by side on all cores
	$(BIN)/python -m pytest -q -n $(PROCESSES) --dist worksteal tests/distributed -m "not soak"

##@ Test before a release
test-engines: setup-engines  ## Slurm, Open MPI, Ray, two networks, Kubernetes' schemas: eight minutes
	$(BIN)/python -m pytest -q -rs -m engine tests/engines

test-older: setup  ## a sample of the catalogue on TensorFlow 2.16, which is installed apart: one minute
	$(BIN)/python -m tests.matrix --versions 2.16 --parts sample

matrix: setup  ## the catalogue and more on TensorFlow 2.15 to nightly, for hours: VERSIONS="2.15 2.18" PARTS=catalogue
	$(BIN)/python -m tests.matrix $(if $(VERSIONS),--versions $(VERSIONS)) $(if $(PARTS),--parts $(PARTS))

soak: setup  ## 95 minutes: load, bursts, kills, 64 workers, and what repeats a promise of make test
	$(BIN)/python -m pytest -q -rP -m soak tests/*/test_soak*.py tests/distributed/test_load.py
	$(BIN)/python -m pytest -q -n auto --dist loadfile -m soak tests/watching
	$(BIN)/python -m pytest -q -n $(PROCESSES) --dist worksteal -m soak tests/unit tests/process tests/distributed \
		--ignore-glob '*/test_soak*.py' --ignore tests/distributed/test_load.py

##@ Write documents and pictures
map: setup  ## write the table of testbed/README.md from the modules' docstrings
	$(BIN)/python -m tests.house.code_map

schemas: setup  ## write the JSON schemas of records from their dataclasses
	$(BIN)/python -m tests.house.record_schemas

catalogue: setup  ## write the table of scenarios/README.md anew
	$(BIN)/testbed list --write scenarios/README.md

readme-pictures: setup  ## the README's pictures and its plot anew: ten minutes; needs a browser
	$(BIN)/testbed run returned module_global get_variable --html page.html
	$(BIN)/python -m tests.browser.pictures page.html .readme
	$(BIN)/testbed bench sharing --rounds 5 --plots .readme

docs-pages: setup  ## write the generated pages of docs anew
	$(BIN)/python -m docs._generate

check-picture: setup  ## the README's first picture anew, from a run of testbed check
	$(BIN)/python -m docs._generate.check_picture

notebooks: setup  ## run the notebooks of docs, and write their output into them
	$(BIN)/python -m docs._generate.notebooks

atlas: setup  ## write the atlas of versions from the records of make matrix: docs/site/atlas.html
	$(BIN)/testbed report .testbed/matrix/*/catalogue.record.json --json docs/site/atlas.json --html docs/site/atlas.html

docs: $(VENV)/.docs  ## the pages as a site: build/site/index.html; a warning is an error
	$(BIN)/python -m sphinx --quiet --fail-on-warning -c docs -d build/doctrees . build/site

$(VENV)/.docs: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[tensorflow,dev,plots,docs]'
	@touch $@
