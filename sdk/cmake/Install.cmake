# What `cmake --install` puts where. Two components: `runtime` is the program with its plugins, `sdk` is
# what somebody needs who writes one. Nothing of it names a folder of the machine that built it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The program finds these beside itself, in ../lib/beacon; the name of that folder is not the system's.
set(beacon_private lib/beacon)

# Plugins in a folder that a group can write to are not loaded, so neither the umask of who installs nor
# that of who built decides about that.
set(beacon_program_mode OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
    WORLD_EXECUTE)
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS ${beacon_program_mode})

install(TARGETS beacon RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
install(DIRECTORY ${PROJECT_BINARY_DIR}/lib/beacon/plugins DESTINATION ${beacon_private}
    COMPONENT runtime FILE_PERMISSIONS ${beacon_program_mode} FILES_MATCHING PATTERN "*.so")
install(DIRECTORY ${PROJECT_BINARY_DIR}/lib/beacon/bin DESTINATION ${beacon_private}
    COMPONENT runtime FILE_PERMISSIONS ${beacon_program_mode})
install(FILES LICENSE README.md SECURITY.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR}
    COMPONENT runtime)

install(DIRECTORY include/beacon sdk/include/beacon-sdk DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    COMPONENT sdk FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(TARGETS beacon_testhost ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT sdk)
install(DIRECTORY sdk/template sdk/examples DESTINATION ${CMAKE_INSTALL_DATADIR}/beacon COMPONENT sdk
    PATTERN "*.sh.in" PERMISSIONS ${beacon_program_mode}
    PATTERN "*.py" PERMISSIONS ${beacon_program_mode})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT sdk)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR}/sdk COMPONENT sdk)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/BeaconPluginSDK)
configure_package_config_file(sdk/cmake/BeaconPluginSDKConfig.cmake.in
    ${PROJECT_BINARY_DIR}/sdk/BeaconPluginSDKConfig.cmake INSTALL_DESTINATION ${package}
    PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/sdk/BeaconPluginSDKConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/sdk/BeaconPluginSDKConfig.cmake
    ${PROJECT_BINARY_DIR}/sdk/BeaconPluginSDKConfigVersion.cmake
    sdk/cmake/BeaconPlugin.cmake sdk/cmake/BeaconPluginTest.cmake
    DESTINATION ${package} COMPONENT sdk)

file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
configure_file(sdk/cmake/beacon-plugin.pc.in ${PROJECT_BINARY_DIR}/sdk/beacon-plugin.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/sdk/beacon-plugin.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT sdk)

# `beacon plugin new` of the build tree finds the templates where the installed one does.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/beacon)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/sdk/template ${PROJECT_BINARY_DIR}/share/beacon/template SYMBOLIC)

# The profiles of providers, too. Copies, since a file behind a link of anybody but root is not trusted.
file(GLOB profiles CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/contrib/providers.d/*.yaml)
foreach(profile IN LISTS profiles)
    get_filename_component(name ${profile} NAME)
    configure_file(${profile} ${PROJECT_BINARY_DIR}/share/beacon/providers.d/${name} COPYONLY)
    file(CHMOD ${PROJECT_BINARY_DIR}/share/beacon/providers.d/${name} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endforeach()
install(FILES ${profiles} DESTINATION ${CMAKE_INSTALL_DATADIR}/beacon/providers.d COMPONENT runtime
    PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
