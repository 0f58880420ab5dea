# Every dependency, with one message that names the packages when one is missing.

set(EMG_PACKAGE_HINT [[
install the dependencies, then configure again:
  Debian/Ubuntu  build-essential cmake ninja-build pkg-config libeigen3-dev libfftw3-dev libhdf5-dev libfmt-dev libssl-dev zlib1g-dev
                 libcli11-dev nlohmann-json3-dev libtomlplusplus-dev catch2 libbenchmark-dev python3-dev python3-venv
  Fedora         gcc-c++ cmake ninja-build pkgconf eigen3-devel fftw-devel hdf5-devel fmt-devel openssl-devel zlib-devel
                 cli11-devel json-devel tomlplusplus-devel catch-devel google-benchmark-devel python3-devel pybind11-devel
  Homebrew       cmake ninja pkg-config eigen fftw hdf5 fmt openssl cli11 nlohmann-json tomlplusplus catch2 google-benchmark pybind11 numpy
  conda          conda env create -f environment.yml]])

macro(emg_find package)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "endplate needs ${package}, which was not found; ${EMG_PACKAGE_HINT}")
  endif()
endmacro()

emg_find(Eigen3 3.4 NO_MODULE)
emg_find(FFTW)
emg_find(HDF5 COMPONENTS C)
emg_find(ZLIB)
emg_find(fmt)
emg_find(OpenSSL COMPONENTS Crypto)
emg_find(Threads)
if(EMG_TOOLS)
  emg_find(CLI11)
  emg_find(nlohmann_json)
  emg_find(tomlplusplus)
endif()
if(EMG_TESTS)
  emg_find(Catch2)
  emg_find(nlohmann_json)
endif()
if(EMG_BENCH)
  emg_find(benchmark)
endif()
