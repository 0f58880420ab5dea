# What Endplate needs from the system, in one place: sourced by tools/quickstart.sh and tests/run.sh.
# POSIX shell. Nothing here runs by itself.

apt_build="build-essential cmake ninja-build pkg-config libeigen3-dev libfftw3-dev libhdf5-dev libfmt-dev libssl-dev zlib1g-dev libcli11-dev nlohmann-json3-dev libtomlplusplus-dev"
apt_python="python3 python3-dev python3-venv"
apt_test="catch2 libbenchmark-dev ccache chromium fonts-dejavu-core hdf5-tools git"

dnf_all="gcc-c++ cmake ninja-build pkgconf eigen3-devel fftw-devel hdf5-devel fmt-devel openssl-devel zlib-devel cli11-devel json-devel tomlplusplus-devel python3-devel pybind11-devel"
dnf_test="catch-devel google-benchmark-devel chromium hdf5"
brew_all="cmake ninja pkg-config eigen fftw hdf5 fmt openssl cli11 nlohmann-json tomlplusplus python pybind11 numpy"
brew_test="catch2 google-benchmark chromium"

# Python packages of the tests: build tools, peers to compare with, validators. Floors only.
pip_test="pip>=23 numpy>=1.23 scipy pybind11>=2.12 scikit-build-core>=0.10 pytest pandas xarray matplotlib h5py mne pynwb nwbinspector spikeinterface pyedflib wfdb jsonschema mypy"

say() { printf '%s\n' "== $*"; }

die() {
  printf '%s\n' "$0: error: $*" >&2
  exit 1
}

# apt_missing PACKAGE...: those that are not installed.
apt_missing() {
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || printf '%s ' "$package"
  done
}

# install_dependencies test|run: installs what is missing with apt, or says which packages to install by hand.
install_dependencies() {
  wanted="$apt_build"
  dnf="$dnf_all" brew="$brew_all"
  if [ "$1" = test ]; then
    wanted="$apt_build $apt_python $apt_test"
    dnf="$dnf_all $dnf_test" brew="$brew_all $brew_test"
  fi
  if command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    missing=$(apt_missing $wanted)
    if [ -z "$missing" ]; then
      say "all Debian packages are installed"
      return
    fi
    as_root=
    if [ "$(id -u)" != 0 ]; then
      command -v sudo >/dev/null 2>&1 || die "neither root nor sudo; run as root: apt-get install $missing"
      as_root=sudo
    fi
    say "installing with apt: $missing"
    $as_root apt-get update -q >/dev/null || die "apt-get update failed"
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null ||
      die "apt-get could not install: $missing"
    return
  fi
  # Elsewhere the configure step tells what is missing; a missing compiler or CMake is told here.
  for program in c++ cmake ninja; do
    command -v "$program" >/dev/null 2>&1 ||
      die "$program is missing; install the packages: dnf install $dnf | brew install $brew | conda env create -f environment.yml"
  done
  say "no apt here; expecting: dnf install $dnf | brew install $brew | conda env create -f environment.yml"
}

# make_venv DIRECTORY REQUIREMENT...: a virtual environment with these packages; installs again only when the list changes.
make_venv() {
  venv=$1
  shift
  command -v python3 >/dev/null 2>&1 || die "python3 is missing"
  if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c '' 2>/dev/null; then
    say "making a virtual environment in $venv"
    rm -rf "$venv"
    python3 -m venv "$venv" || die "python3 -m venv failed; on Debian install python3-venv"
  fi
  stamp="$venv/requirements.txt"
  if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$*" ]; then
    say "installing Python packages of the tests into $venv"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --upgrade "$@" || die "pip could not install the Python packages of the tests"
    printf '%s' "$*" >"$stamp"
  fi
}

# configure_and_build BUILD_DIRECTORY CMAKE_ARGUMENT...
configure_and_build() {
  build=$1
  shift
  launcher=
  command -v ccache >/dev/null 2>&1 && launcher="-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"
  mkdir -p "$build"
  say "configuring $build"
  # shellcheck disable=SC2086
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release $launcher "$@" >"$build/configure.log" 2>&1 || {
    grep -A 12 'CMake Error' "$build/configure.log" >&2
    die "configuring failed; see $build/configure.log"
  }
  say "building in $build"
  cmake --build "$build" >"$build/build.log" 2>&1 || {
    grep -E 'error|FAILED' "$build/build.log" | head -n 20 >&2
    die "the build failed; see $build/build.log"
  }
}
