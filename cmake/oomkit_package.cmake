# What a package has beside the programs: man pages, completions, the service; and the Debian
# packages oomkit and oomkit-dev themselves (cpack, with CMAKE_INSTALL_PREFIX=/usr).
set(oomkit_reference ${PROJECT_BINARY_DIR}/reference)
add_custom_command(
  OUTPUT ${oomkit_reference}/completions/oom.fish
  COMMAND bash ${PROJECT_SOURCE_DIR}/tools/make_reference.sh $<TARGET_FILE:oom> ${oomkit_reference}
  DEPENDS oom ${PROJECT_SOURCE_DIR}/tools/make_reference.sh
  COMMENT "Man pages and completions")
add_custom_target(oomkit_reference ALL DEPENDS ${oomkit_reference}/completions/oom.fish)

install(DIRECTORY ${oomkit_reference}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT bin)
install(FILES ${oomkit_reference}/completions/oom
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT bin)
install(FILES ${oomkit_reference}/completions/_oom
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT bin)
install(FILES ${oomkit_reference}/completions/oom.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT bin)
install(FILES ${PROJECT_SOURCE_DIR}/packaging/oom-guard.service
  DESTINATION lib/systemd/system COMPONENT bin)

install(FILES ${PROJECT_SOURCE_DIR}/packaging/dbus/oomkit-low-memory.conf
  DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/system.d COMPONENT bin)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME oomkit)
set(CPACK_PACKAGE_VENDOR oomkit)
set(CPACK_PACKAGE_CONTACT "the oomkit authors <oomkit@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "know who dies when memory runs out, and decide it yourself")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL bin dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_BIN_PACKAGE_NAME oomkit)
set(CPACK_DEBIAN_BIN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_BIN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_BIN_PACKAGE_DEPENDS "init-system-helpers")
set(CPACK_DEBIAN_BIN_PACKAGE_SUGGESTS "qemu-system-x86")
set(CPACK_DEBIAN_BIN_DESCRIPTION
  "oom explains what the kernel log says of a kill, ranks who would die next, protects units, and \
guards a host: it acts before the kernel has to.")
set(CPACK_DEBIAN_BIN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/deb/postinst
  ${PROJECT_SOURCE_DIR}/packaging/deb/prerm ${PROJECT_SOURCE_DIR}/packaging/deb/postrm)
set(CPACK_DEBIAN_BIN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_DEV_PACKAGE_NAME oomkit-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
  "libexpected-dev, zlib1g-dev, liblzma-dev, libzstd-dev, libsystemd-dev, libarchive-dev, libncurses-dev, libtomlplusplus-dev")
set(CPACK_DEBIAN_DEV_DESCRIPTION
  "What oom is made of, as static libraries with their headers, for find_package(oomkit).")
include(CPack)
