# What is installed: the tool (component bin), and the libraries with their headers for
# find_package(oomkit) (component dev). Included last: it wants all libraries made.
get_property(oomkit_libraries GLOBAL PROPERTY OOMKIT_LIBRARIES)

install(TARGETS oom RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT bin)
install(TARGETS ${oomkit_libraries} EXPORT oomkit_targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
foreach(library ${oomkit_libraries})
  string(REPLACE "oomkit_" "" room ${library})
  # A part of a room, built apart from the rest, has the room's folder: io_bare.
  string(REGEX REPLACE "_.*" "" room ${room})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/src/${room}
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/oomkit COMPONENT dev FILES_MATCHING PATTERN "*.h")
endforeach()

set(oomkit_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/oomkit)
install(EXPORT oomkit_targets NAMESPACE oomkit:: DESTINATION ${oomkit_cmake_dir} COMPONENT dev)
include(CMakePackageConfigHelpers)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/oomkit-config.cmake.in
  ${PROJECT_BINARY_DIR}/oomkit-config.cmake INSTALL_DESTINATION ${oomkit_cmake_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/oomkit-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/oomkit-config.cmake ${PROJECT_BINARY_DIR}/oomkit-config-version.cmake
  DESTINATION ${oomkit_cmake_dir} COMPONENT dev)
# The policies of `oom guard`, for those who take one as it is.
install(PROGRAMS ${PROJECT_SOURCE_DIR}/packaging/hooks/notify
  ${PROJECT_SOURCE_DIR}/packaging/hooks/snapshot DESTINATION lib/oomkit/hooks COMPONENT bin)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/packaging/policies
  DESTINATION ${CMAKE_INSTALL_DATADIR}/oomkit COMPONENT bin)
