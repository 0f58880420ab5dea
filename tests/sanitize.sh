#!/bin/sh
# The C++ unit tests under the address and undefined-behaviour sanitizers.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tools/dependencies.sh
. tools/dependencies.sh

install_dependencies test
# -O1 is what keeps the instrumented tests fast enough to run every time.
configure_and_build build/asan -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1" -DEMG_SANITIZE=address,undefined \
  -DEMG_TOOLS=OFF -DEMG_PYTHON=OFF -DEMG_TESTS=ON -DEMG_BENCH=OFF
say "C++ tests with sanitizers"
ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 ctest --test-dir build/asan --output-on-failure -R '^test_' -j 2
