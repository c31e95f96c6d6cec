# Tests of a plugin on the fake host of the SDK (<beacon-sdk/testhost.h>).
#
#   beacon_add_plugin_test(NAME test_acme PLUGIN provider_acme SOURCES test_acme.c [LIBS …])
#       a CMocka program made of SOURCES and of the plugin's sources, run by ctest. BEACON_TEST_DIR is
#       the folder it is called from, BEACON_TEST_OUTPUT one for its files. Left out, and said so, when there is no cmocka.
#
#   beacon_add_plugin_fuzzer(NAME fuzz_acme PLUGIN provider_acme SOURCES fuzz_acme.c [LIBS …])
#       a libFuzzer program of the same kind, when the compiler is clang; not part of `all`.

# A program that has the plugin inside. Call it with the parsed ARG_ variables in place.
macro(_beacon_plugin_program)
    if(NOT TARGET ${ARG_PLUGIN} OR NOT ARG_NAME OR NOT ARG_SOURCES)
        message(FATAL_ERROR "${CMAKE_CURRENT_FUNCTION}: NAME, SOURCES and PLUGIN, the name given to "
                            "beacon_add_plugin(), are needed")
    endif()
    get_target_property(plugin_sources ${ARG_PLUGIN} BEACON_PLUGIN_SOURCES)
    get_target_property(plugin_includes ${ARG_PLUGIN} INCLUDE_DIRECTORIES)
    get_target_property(plugin_libs ${ARG_PLUGIN} BEACON_PLUGIN_LIBS)
    add_executable(${ARG_NAME} ${ARG_SOURCES} ${plugin_sources})
    target_include_directories(${ARG_NAME} PRIVATE ${plugin_includes})
    target_compile_definitions(${ARG_NAME} PRIVATE BEACON_TEST_DIR="${CMAKE_CURRENT_SOURCE_DIR}"
        BEACON_TEST_OUTPUT="${CMAKE_CURRENT_BINARY_DIR}")
    target_link_libraries(${ARG_NAME} PRIVATE ${ARG_LIBS} ${plugin_libs} BeaconPluginSDK::testhost)
endmacro()

function(beacon_add_plugin_test)
    cmake_parse_arguments(PARSE_ARGV 0 ARG "" "NAME;PLUGIN" "SOURCES;LIBS")
    find_path(BEACON_CMOCKA_INCLUDE cmocka.h)
    find_library(BEACON_CMOCKA_LIBRARY cmocka)
    mark_as_advanced(BEACON_CMOCKA_INCLUDE BEACON_CMOCKA_LIBRARY)
    if(NOT BEACON_CMOCKA_INCLUDE OR NOT BEACON_CMOCKA_LIBRARY)
        message(WARNING "cmocka was not found, so the test ${ARG_NAME} is left out; "
                        "install it (libcmocka-dev) and configure again")
        return()
    endif()
    _beacon_plugin_program()
    target_include_directories(${ARG_NAME} SYSTEM PRIVATE ${BEACON_CMOCKA_INCLUDE})
    target_link_libraries(${ARG_NAME} PRIVATE ${BEACON_CMOCKA_LIBRARY})
    add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME})
endfunction()

function(beacon_add_plugin_fuzzer)
    cmake_parse_arguments(PARSE_ARGV 0 ARG "" "NAME;PLUGIN" "SOURCES;LIBS")
    if(NOT "${CMAKE_C_COMPILER_ID} ${CMAKE_CXX_COMPILER_ID}" MATCHES "Clang")
        return()
    endif()
    _beacon_plugin_program()
    set_target_properties(${ARG_NAME} PROPERTIES EXCLUDE_FROM_ALL ON)
    target_compile_options(${ARG_NAME} PRIVATE -g -fsanitize=fuzzer,address,undefined
        -fno-sanitize-recover=all)
    target_link_options(${ARG_NAME} PRIVATE -fsanitize=fuzzer,address,undefined)
endfunction()
