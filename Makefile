# Needs only make and Python 3.11+: PYTHON=/path/to/python3 names one, else the newest is taken.
.PHONY: help demo demo-once test environment

help:
	@echo "make demo        the example CRM with a sandbox PBX, until Ctrl-C"
	@echo "make demo-once   the same, ends after one call and one import"
	@echo "make test        the tests on SQLite (ARGS='-k calling' for some of them)"

demo: environment
	@.venv/bin/python -m example_project.demo

demo-once: environment
	@.venv/bin/python -m example_project.demo --once

test: environment
	@.venv/bin/python -m pytest $(ARGS)

environment:
	@scripts/bootstrap
