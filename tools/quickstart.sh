#!/bin/sh
# From a fresh machine to a report: installs what is missing, builds, makes the sample recordings, analyses them.
# Run it again at any time; what is up to date is left alone.
#   sh tools/quickstart.sh [PATH...]     analyses PATH... instead of the sample recordings
set -eu
from=$(pwd)
cd "$(dirname "$0")/.."
root=$(pwd)
# shellcheck source=tools/dependencies.sh
. tools/dependencies.sh

install_dependencies run
# The same directory as the tests use: their switches stay as they are.
mkdir -p build
configure_and_build build -DEMG_TOOLS=ON $([ -f build/CMakeCache.txt ] || printf %s "-DEMG_PYTHON=OFF -DEMG_TESTS=OFF -DEMG_BENCH=OFF")

if [ $# -eq 0 ]; then
  say "making the sample recordings in build/samples"
  sh datasets/make_samples.sh build/tools/endplate build/samples || die "the sample recordings could not be made"
  set -- "$root/build/samples"
fi
say "analysing $*"
cd "$from"
"$root/build/tools/endplate" analyze "$@" --out "$root/build/analysis" || die "endplate analyze ended with exit code $?"
say "report: $root/build/analysis/report.html"
