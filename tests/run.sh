#!/bin/sh
# Builds everything and runs every test: C++ through ctest, Python through pytest.
# Run it again at any time; what is up to date is not built again. Exit status 0 only if all passed.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tools/dependencies.sh
. tools/dependencies.sh

install_dependencies test
mkdir -p build
# shellcheck disable=SC2086
make_venv build/venv $pip_test
python=$(pwd)/build/venv/bin/python
configure_and_build build -DEMG_TOOLS=ON -DEMG_PYTHON=ON -DEMG_TESTS=ON -DEMG_BENCH=OFF \
  -DPython_EXECUTABLE="$python" -DPython3_EXECUTABLE="$python" -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)"

status=0
say "C++ tests"
ctest --test-dir build --output-on-failure -j 2 || status=1
if [ -n "${EMG_TEST_SANITIZERS:-}" ]; then
  sh tests/sanitize.sh || status=1
fi
say "Python tests"
ENDPLATE="$(pwd)/build/tools/endplate" PYTHONPATH="$(pwd)/build/python" MPLBACKEND=agg \
  "$python" -m pytest -q -ra tests python/tests || status=1
if [ $status != 0 ]; then
  say "some tests failed"
fi
exit $status
