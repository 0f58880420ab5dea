# Install and export: find_package(emg) gives emg::emg.
#
# Components: `development` (library, headers, CMake package), `runtime` (the program), `python` (the module; installed from python/).
# A wheel takes runtime and python alone.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(emg_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/emg")
get_property(emg_headers GLOBAL PROPERTY EMG_PUBLIC_HEADERS)
list(REMOVE_DUPLICATES emg_headers)
foreach(header IN LISTS emg_headers)
  get_filename_component(folder "${header}" DIRECTORY)
  install(FILES "${PROJECT_SOURCE_DIR}/libemg/${header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/libemg/${folder}" COMPONENT development)
endforeach()
install(FILES "${PROJECT_BINARY_DIR}/generated/libemg/core/version.h" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/libemg/core" COMPONENT development)
foreach(header emg.h operations.h)
  if(EXISTS "${PROJECT_SOURCE_DIR}/libemg/${header}")
    install(FILES "${PROJECT_SOURCE_DIR}/libemg/${header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/libemg" COMPONENT development)
  endif()
endforeach()

set_target_properties(emg PROPERTIES VERSION "${PROJECT_VERSION}" SOVERSION "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
install(TARGETS emg EXPORT emg_targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development NAMELINK_COMPONENT development
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT emg_targets NAMESPACE emg:: DESTINATION "${emg_cmake_dir}" COMPONENT development)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/emg-config.cmake.in" "${PROJECT_BINARY_DIR}/emg-config.cmake"
  INSTALL_DESTINATION "${emg_cmake_dir}")
# Until 1.0 a minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/emg-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/emg-config.cmake" "${PROJECT_BINARY_DIR}/emg-config-version.cmake" cmake/FindFFTW.cmake
  DESTINATION "${emg_cmake_dir}" COMPONENT development)

if(TARGET endplate AND NOT SKBUILD)
  install(TARGETS endplate RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime)
endif()
install(FILES LICENSE THIRD_PARTY.md DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT development)
