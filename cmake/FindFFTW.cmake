# FFTW has no CMake package in Debian. Gives the target FFTW::fftw3.
find_path(FFTW_INCLUDE_DIR fftw3.h)
find_library(FFTW_LIBRARY fftw3)
find_library(FFTW_THREADS_LIBRARY fftw3_threads)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(FFTW REQUIRED_VARS FFTW_LIBRARY FFTW_THREADS_LIBRARY FFTW_INCLUDE_DIR)
mark_as_advanced(FFTW_INCLUDE_DIR FFTW_LIBRARY FFTW_THREADS_LIBRARY)
if(FFTW_FOUND AND NOT TARGET FFTW::fftw3)
  add_library(FFTW::fftw3 UNKNOWN IMPORTED)
  set_target_properties(FFTW::fftw3 PROPERTIES
    IMPORTED_LOCATION "${FFTW_THREADS_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${FFTW_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${FFTW_LIBRARY}")
endif()
