# `cmake --install`: library, headers, package files for find_package and pkg-config.
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/concur")

install(TARGETS concur EXPORT concurTargets FILE_SET HEADERS)
install(EXPORT concurTargets NAMESPACE concur:: DESTINATION "${package_dir}")

configure_package_config_file(cmake/concurConfig.cmake.in "${PROJECT_BINARY_DIR}/concurConfig.cmake"
                              INSTALL_DESTINATION "${package_dir}")
# Before 1.0 a new minor version may break its users.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/concurConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/concurConfig.cmake" "${PROJECT_BINARY_DIR}/concurConfigVersion.cmake"
        DESTINATION "${package_dir}")

# The .pc file finds its prefix from its own place, so an installed tree can be moved.
cmake_path(SET pkgconfig_dir NORMALIZE "/${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}${pkgconfig_dir}"
           OUTPUT_VARIABLE prefix_from_pc)
configure_file(cmake/concur.pc.in "${PROJECT_BINARY_DIR}/concur.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/concur.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
