PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check bench generate clean

demo: $(VENV)/demo.stamp  ## the whole loop against the sandbox, in ./okr-delivery-demo
	$(BIN)/okr-delivery demo

test: $(VENV)/test.stamp  ## the test suite
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -q  # else each process compiles all anew, the command's too

check: $(VENV)/check.stamp  ## style, types, layers, generated files, wheel contents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.packaging.generated --check
	rm -rf build/dist && $(BIN)/python -m build --outdir build/dist . >/dev/null
	$(BIN)/check-wheel-contents build/dist/*.whl

bench: $(VENV)/test.stamp  ## the measured claims, each beside its baseline
	for b in benchmarks/*.py; do echo "== $$b"; $(BIN)/python -m benchmarks.$$(basename $$b .py) || exit 1; done

generate: $(VENV)/check.stamp  ## writes the generated docs, schema and example config
	$(BIN)/python -m tests.packaging.generated

clean:
	rm -rf $(VENV) build dist okr-delivery-demo

$(VENV)/pip.stamp:  # a stamp, so that a run that was cut off or a venv made by hand gets its pip too (--group: 25.1)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	touch $@

$(VENV)/demo.stamp: pyproject.toml | $(VENV)/pip.stamp
	$(BIN)/pip install --quiet --editable '.[all]'
	touch $@

$(VENV)/test.stamp: $(VENV)/demo.stamp
	$(BIN)/pip install --quiet --group test
	touch $@

$(VENV)/check.stamp: $(VENV)/test.stamp
	$(BIN)/pip install --quiet --group check
	touch $@
