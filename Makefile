# `make demo` shows it all, `make test` proves it; `make help` lists the rest.
# A machine needs Debian, root, Python 3.11 or newer, git and make; everything else is installed here.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

# Found before .venv comes first in PATH.
ifndef PYTHON
PYTHON := $(shell command -v python3)
endif
VENV := .venv
# The recipes call `provision` and Ansible by their names, as a person does.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# podman's own choice, crun, refuses hosts with cgroup v1.
RUNTIME := $(if $(wildcard /sys/fs/cgroup/cgroup.controllers),crun,runc)
LAB_PACKAGES := podman $(RUNTIME) netavark aardvark-dns mmdebstrap nftables iptables uidmap \
  openssh-client iproute2 mount
# What the page of `provision report` is looked at with.
BROWSER := chromium fonts-dejavu-core
# What the tests put on disks to see it refused, what opens backups, and a browser.
TEST_PACKAGES := age btrfs-progs cryptsetup-bin dosfstools e2fsprogs exfatprogs f2fs-tools fdisk gdisk gnupg lvm2 ntfs-3g strace \
  xfsprogs $(BROWSER)
APT := DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet --option DPkg::Lock::Timeout=300

# Says what is missing, and installs it where it may.
define install_packages
missing=$$({ dpkg-query --show --showformat '$${Package} $${db:Status-Status}\n' $(1) 2>/dev/null || true; } \
  | awk 'BEGIN { n = split("$(1)", want, " ") } $$2 == "installed" { have[$$1] = 1 } \
         END { for (i = 1; i <= n; i++) if (!(want[i] in have)) print want[i] }'); \
if [ -n "$$missing" ]; then \
  echo "installing Debian packages:" $$missing; \
  if [ "$$(id -u)" != 0 ]; then echo "not root; run: sudo apt-get install --yes" $$missing >&2; exit 1; fi; \
  $(APT) update && $(APT) install --yes --no-install-recommends $$missing > /dev/null; \
fi
endef

.PHONY: help install demo demo-down test test-all fast offline lint unit disks browser wheel scenarios cluster cluster-all \
  programs campaign bench bench-scale lock lab-packages test-packages picture report-picture clean

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | column -t -s $$'\t'

# Where `make install` puts the program.
PREFIX ?= $(HOME)/provision

install:  ## provision for this account into ~/provision; needs no root
	@$(PYTHON) -c 'import ensurepip' 2> /dev/null || { $(call install_packages,python3-venv); }
	$(PYTHON) -m venv $(PREFIX)
	$(PREFIX)/bin/pip install --quiet --quiet --require-hashes --requirement requirements.txt
	$(PREFIX)/bin/pip install --quiet --quiet --no-deps --no-build-isolation .

## -- the demo ----------------------------------------------------------------------------------------

demo: export PROVISION_PLAN ?= inventories/asgard/plan.yml
demo: $(VENV)/installed lab-packages  ## a lab of three blades becomes a Slurm cluster and runs a job
	provision lab up --nodes BLD-006,BLD-008,BLD-011
	provision slurm --nodes BLD-008,BLD-011
	provision lab ssh BLD-006 -- sinfo
	provision lab ssh BLD-006 -- srun -N2 hostname
	@echo
	@echo "The lab keeps running: try 'provision status' after '. $(VENV)/bin/activate'; 'make demo-down' removes it."

demo-down: export PROVISION_PLAN ?= inventories/asgard/plan.yml
demo-down: $(VENV)/installed  ## removes the lab of the demo
	provision lab down

## -- the tests ---------------------------------------------------------------------------------------

# A gate says the same of the same code; `make campaign` by itself takes another seed each time.
# The scenarios mostly wait for their containers: what needs none runs meanwhile.
test: export SEED ?= 1
test: $(VENV)/tested lab-packages test-packages  ## everything in the size of CI: scenarios on Debian 12, runs on 13
	$(MAKE) --jobs=2 --output-sync=target scenarios offline
	$(MAKE) cluster campaign

offline: lint unit disks browser wheel

test-all: lint unit disks browser wheel  ## everything on Debian 12 and 13, with all 16 blades
	$(MAKE) scenarios LAB_OS=bookworm
	$(MAKE) scenarios LAB_OS=trixie
	$(MAKE) cluster-all
	$(MAKE) programs
	$(MAKE) campaign MINUTES=45 CAMPAIGN_OS=bookworm,trixie CAMPAIGN_NODES=3

fast: lint unit  ## lint and unit tests, no containers

lint: $(VENV)/tested  ## ruff, mypy, yamllint, ansible-lint
	ruff check .
	ruff format --check .
	mypy
	yamllint --strict .
	ansible-lint --strict roles playbooks/*.yml molecule

unit: $(VENV)/tested test-packages  ## unit, plan and contract tests
	pytest

disks: $(VENV)/tested test-packages  ## the guards of scratch on loop devices
	pytest tests/disks

browser: $(VENV)/tested test-packages  ## the page of `provision report` in a Chromium
	pytest tests/browser

wheel: $(VENV)/tested  ## the wheel in a fresh environment outside the checkout
	pytest tests/packaging

scenarios: $(VENV)/tested lab-packages  ## molecule; one of them: make scenarios SCENARIO=scratch
	molecule test $(if $(SCENARIO),--scenario-name $(SCENARIO),--all)

cluster: export CLUSTER_OS ?= trixie
cluster: $(VENV)/tested lab-packages  ## whole runs over two labs of five blades
	pytest --numprocesses=2 --dist=loadfile --durations=60 tests/cluster

cluster-all: $(VENV)/tested lab-packages  ## whole runs over a lab, both releases and all 16 blades
	CLUSTER_OS=bookworm,trixie CLUSTER_NODES=15 pytest tests/cluster

# Needs PyPI from the blades, and about 10 minutes a release, most of them waiting: Slurm starts a requeued job after two.
programs: export CLUSTER_OS ?= bookworm,trixie
programs: $(VENV)/tested lab-packages  ## what people run on a cluster (submitit, dask, parsl, snakemake), both releases
	pytest tests/programs

# The minutes are a budget for all parts; each has one case at least. A failure prints the command that repeats it.
campaign: $(VENV)/tested lab-packages test-packages  ## random disks, kills, verbs, nodes, plans and settings; longer: make campaign MINUTES=60
	python -m tests.campaign $(if $(MINUTES),--minutes $(MINUTES)) $(if $(PARTS),--parts $(PARTS)) \
	  $(if $(SEED),--seed $(SEED)) $(if $(CASE),--case $(CASE)) $(if $(CAMPAIGN_OS),--os $(CAMPAIGN_OS)) \
	  $(if $(CAMPAIGN_NODES),--nodes $(CAMPAIGN_NODES))

## -- the speed ---------------------------------------------------------------------------------------

bench: $(VENV)/installed lab-packages  ## speed against floors, into docs/performance.md; some: make bench PARTS=render,commands
	python -m bench $(if $(PARTS),--parts $(PARTS)) $(BENCH_OPTIONS)

bench-scale: export BENCH_OS ?= bookworm
bench-scale: $(VENV)/installed lab-packages  ## a cluster of 1,000 slurmds in one container; BENCH_OS=trixie for the other release
	python -m bench.scale --os $(BENCH_OS)

## -- what they stand on ------------------------------------------------------------------------------

$(VENV)/bin/python:
	@$(PYTHON) -c 'import ensurepip' 2> /dev/null || { $(call install_packages,python3-venv); }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# The same files everywhere, by their hashes, the build backend too. The project itself has none, so it comes after.
$(VENV)/installed: $(VENV)/bin/python pyproject.toml requirements.txt
	pip install --quiet --quiet --require-hashes --requirement requirements.txt
	pip install --quiet --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/tested: $(VENV)/bin/python pyproject.toml constraints.txt
	pip install --quiet --quiet --require-hashes --requirement constraints.txt
	pip install --quiet --quiet --no-deps --no-build-isolation --editable .
	touch $@ $(VENV)/installed

lock: $(VENV)/tested  ## hashes for the versions in constraints.txt
	python .ci/lock.py

lab-packages:
	@$(call install_packages,$(LAB_PACKAGES))

test-packages:
	@$(call install_packages,$(TEST_PACKAGES))

picture: $(VENV)/installed lab-packages  ## docs/run.svg anew, from a run on the lab of the demo
	python docs/picture.py docs/run.svg

report-picture: $(VENV)/tested test-packages  ## docs/report.png anew, in a Chromium
	python -m docs.report_picture docs/report.png

clean:  ## removes what was made here, except running labs
	rm -rf $(VENV) .cache .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
