# beacon_add_plugin(): one folder becomes one plugin file with its manifest inside.
#
#   beacon_add_plugin(NAME provider_acme SOURCES acme.c MANIFEST plugin.json [LIBS …]
#                     [OUTPUT_DIRECTORY dir] [UNCHECKED])
#
# builds NAME.so (in the build folder; in Beacon's own tree, in lib/beacon/plugins), which exports beacon_plugin_entry_v1 and nothing else, and
# carries plugin.json as an ELF note (owner "beacon", type 0x42434e01): the host reads the note to
# list, choose and refuse plugins without running their code. From the same plugin.json comes the
# header NAME_manifest.h, so that code and note cannot disagree:
#
#   #include "provider_acme_manifest.h"
#   static const struct beacon_plugin plugin = {
#       .struct_size = sizeof plugin, .abi_minor = BEACON_ABI_MINOR,
#       .min_host_minor = BEACON_MANIFEST_MIN_HOST_MINOR,
#       .id = BEACON_MANIFEST_ID, .version = BEACON_MANIFEST_VERSION, … };
#
# UNCHECKED leaves out the check of the manifest; the host's own tests build bad plugins with it.

set(BEACON_MANIFEST_MAX_BYTES 65536)
set(BEACON_MANIFEST_KINDS provider sandbox auth telemetry)
set(BEACON_MANIFEST_CAPABILITIES
    "net:.+" "exec:/.+" "fs-read:.+" "fs-write:.+" "env:.+" secrets ui kernel own-transport threads)
if(NOT DEFINED BEACON_PLUGIN_OUTPUT_DIRECTORY_DEFAULT)
    set(BEACON_PLUGIN_OUTPUT_DIRECTORY_DEFAULT lib/beacon/plugins)
endif()
if(NOT DEFINED BEACON_SDK_INCLUDE_DIRS)
    get_filename_component(BEACON_SDK_INCLUDE_DIRS_HERE "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
    set(BEACON_SDK_INCLUDE_DIRS
        "${BEACON_SDK_INCLUDE_DIRS_HERE}/include" "${BEACON_SDK_INCLUDE_DIRS_HERE}/sdk/include")
endif()

# ${out} = the string or number at the path given after `type`; a mistake ends the configuration.
function(_beacon_manifest_get out file json type)
    string(JSON value ERROR_VARIABLE failed GET "${json}" ${ARGN})
    string(REPLACE ";" "." where "${ARGN}")
    if(failed)
        message(FATAL_ERROR "${file}: \"${where}\" is missing (${failed})")
    endif()
    string(JSON found TYPE "${json}" ${ARGN})
    if(NOT found STREQUAL type)
        message(FATAL_ERROR "${file}: \"${where}\" is a ${found}, it must be a ${type}")
    endif()
    set(${out} "${value}" PARENT_SCOPE)
endfunction()

function(_beacon_manifest_match file where value pattern example)
    if(NOT value MATCHES "^(${pattern})$")
        message(FATAL_ERROR "${file}: \"${where}\" is \"${value}\"; write it like ${example}")
    endif()
endfunction()

# The version numbers of the headers in use.
function(_beacon_header_abi out_major out_minor)
    list(GET BEACON_SDK_INCLUDE_DIRS 0 dir)
    file(STRINGS "${dir}/beacon/plugin.h" lines REGEX "^#define BEACON_ABI_M(AJOR|INOR) ")
    string(REGEX REPLACE ".*BEACON_ABI_MAJOR +([0-9]+)u.*" "\\1" major "${lines}")
    string(REGEX REPLACE ".*BEACON_ABI_MINOR +([0-9]+)u.*" "\\1" minor "${lines}")
    set(${out_major} ${major} PARENT_SCOPE)
    set(${out_minor} ${minor} PARENT_SCOPE)
endfunction()

function(_beacon_manifest_check_abi file json)
    _beacon_header_abi(header_major header_minor)
    foreach(field IN ITEMS major minor min_host_minor)
        _beacon_manifest_get(${field} "${file}" "${json}" NUMBER abi ${field})
        _beacon_manifest_match("${file}" abi.${field} "${${field}}" "[0-9]+" "0")
    endforeach()
    if(NOT major EQUAL header_major OR NOT minor EQUAL header_minor)
        message(FATAL_ERROR "${file}: \"abi\" says ${major}.${minor}, these headers are "
                            "${header_major}.${header_minor}; write the numbers of the headers")
    endif()
    if(min_host_minor GREATER minor)
        message(FATAL_ERROR "${file}: \"abi.min_host_minor\" ${min_host_minor} is over "
                            "\"abi.minor\" ${minor}")
    endif()
endfunction()

function(_beacon_manifest_check_components file json)
    string(JSON n ERROR_VARIABLE failed LENGTH "${json}" components)
    if(failed OR n EQUAL 0)
        message(FATAL_ERROR "${file}: \"components\" must be a list with at least one component")
    endif()
    math(EXPR last "${n} - 1")
    foreach(i RANGE ${last})
        foreach(field IN ITEMS kind name iface)
            _beacon_manifest_get(${field} "${file}" "${json}" STRING components ${i} ${field})
        endforeach()
        if(NOT kind IN_LIST BEACON_MANIFEST_KINDS)
            message(FATAL_ERROR "${file}: component kind \"${kind}\" is none of "
                                "${BEACON_MANIFEST_KINDS}")
        endif()
        _beacon_manifest_match("${file}" components.${i}.name "${name}" "[a-z0-9][a-z0-9_-]*" "acme")
        _beacon_manifest_match("${file}" components.${i}.iface "${iface}" "[a-z0-9._-]+/[0-9]+"
                               "beacon.${kind}/1")
        string(JSON form ERROR_VARIABLE failed GET "${json}" components ${i} form)
        if(NOT failed AND NOT form MATCHES "^(sans-io|own-transport)$")
            message(FATAL_ERROR "${file}: component form \"${form}\" is neither sans-io nor "
                                "own-transport")
        endif()
        string(JSON capabilities ERROR_VARIABLE failed GET "${json}" capabilities)
        if(kind STREQUAL provider AND form STREQUAL own-transport AND
           NOT capabilities MATCHES "\"own-transport\"")
            message(FATAL_ERROR "${file}: provider \"${name}\" is own-transport, so "
                                "\"capabilities\" must list \"own-transport\"")
        endif()
    endforeach()
endfunction()

function(_beacon_manifest_check_capabilities file json)
    string(JSON n ERROR_VARIABLE failed LENGTH "${json}" capabilities)
    if(failed)
        message(FATAL_ERROR "${file}: \"capabilities\" must be a list; [] when none is needed")
    endif()
    string(REPLACE ";" "|" known "${BEACON_MANIFEST_CAPABILITIES}")
    set(i 0)
    while(i LESS n)
        _beacon_manifest_get(capability "${file}" "${json}" STRING capabilities ${i})
        _beacon_manifest_match("${file}" capabilities.${i} "${capability}" "${known}"
                               "net:https://*.example.com, env:ACME_* or threads")
        math(EXPR i "${i} + 1")
    endwhile()
endfunction()

# Everything the host would refuse, said while building.
function(_beacon_manifest_check file json)
    string(JSON kind ERROR_VARIABLE failed TYPE "${json}")
    if(failed OR NOT kind STREQUAL "OBJECT")
        message(FATAL_ERROR "${file}: not a JSON object (${failed})")
    endif()
    file(SIZE "${file}" bytes)
    if(bytes GREATER BEACON_MANIFEST_MAX_BYTES)
        message(FATAL_ERROR "${file}: ${bytes} bytes, at most ${BEACON_MANIFEST_MAX_BYTES} fit")
    endif()
    _beacon_manifest_get(schema "${file}" "${json}" NUMBER schema)
    if(NOT schema EQUAL 1)
        message(FATAL_ERROR "${file}: \"schema\" is ${schema}, this SDK writes 1")
    endif()
    _beacon_manifest_get(id "${file}" "${json}" STRING id)
    _beacon_manifest_match("${file}" id "${id}" "[a-z0-9][a-z0-9-]*(\\.[a-z0-9][a-z0-9-]*)+"
                           "com.acme.llm")
    string(LENGTH "${id}" id_length)
    if(id_length GREATER 48)
        message(FATAL_ERROR "${file}: \"id\" has ${id_length} bytes, at most 48 are allowed")
    endif()
    _beacon_manifest_get(version "${file}" "${json}" STRING version)
    _beacon_manifest_match("${file}" version "${version}"
                           "[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]+)?" "1.2.3")
    foreach(field IN ITEMS license description)
        _beacon_manifest_get(ignored "${file}" "${json}" STRING ${field})
    endforeach()
    _beacon_manifest_check_abi("${file}" "${json}")
    _beacon_manifest_check_components("${file}" "${json}")
    _beacon_manifest_check_capabilities("${file}" "${json}")
endfunction()

# The header with the identity of the plugin.
function(_beacon_manifest_header file json name dir)
    string(JSON id ERROR_VARIABLE failed GET "${json}" id)
    string(JSON version ERROR_VARIABLE failed GET "${json}" version)
    string(JSON min_host_minor ERROR_VARIABLE failed GET "${json}" abi min_host_minor)
    string(TOUPPER "${name}" guard)
    string(REGEX REPLACE "[^A-Z0-9]" "_" guard "${guard}")
    get_filename_component(source "${file}" NAME)
    file(CONFIGURE OUTPUT "${dir}/${name}_manifest.h" @ONLY CONTENT
"/* Generated by beacon_add_plugin() from @source@. */
#ifndef @guard@_MANIFEST_H
#define @guard@_MANIFEST_H
#define BEACON_MANIFEST_ID             \"@id@\"
#define BEACON_MANIFEST_VERSION        \"@version@\"
#define BEACON_MANIFEST_MIN_HOST_MINOR @min_host_minor@
#endif
")
endfunction()

# A source file whose only content is the note. Assembly inside C, because a C object would be
# padded by AddressSanitizer; %note rather than @note, because @ begins a comment on ARM.
function(_beacon_manifest_note file name dir out_source)
    file(READ "${file}" hex HEX)
    string(LENGTH "${hex}" digits)
    math(EXPR bytes "${digits} / 2")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," values "${hex}")
    string(REPEAT "0x..," 16 sixteen)
    string(REGEX REPLACE "(${sixteen})" "\\1\n" values "${values}")
    string(REGEX REPLACE "([^\n]+),\n?" "        \".byte \\1\\\\n\"\n" values "${values}")
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    set(suffix cpp)
    if("C" IN_LIST languages)
        set(suffix c)
    endif()
    set(source "${dir}/${name}_note.${suffix}")
    file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT
"/* Generated by beacon_add_plugin(): the manifest as an ELF note, owner \"beacon\". */
#pragma GCC diagnostic ignored \"-Woverlength-strings\"
__asm__(\".pushsection .note.beacon,\\\"a\\\",%note\\n\"
        \".balign 4\\n\"
        \".4byte 7, @bytes@, 0x42434e01\\n\"
        \".byte 0x62,0x65,0x61,0x63,0x6f,0x6e,0,0\\n\"
@values@        \".balign 4\\n\"
        \".popsection\\n\");
")
    set(${out_source} "${source}" PARENT_SCOPE)
endfunction()

function(_beacon_plugin_link_options name dir)
    file(CONFIGURE OUTPUT "${dir}/exports.map" CONTENT
         "{ global: beacon_plugin_entry_v1; local: *; };\n")
    target_link_options(${name} PRIVATE -Wl,-z,relro,-z,now
        "-Wl,--version-script=${dir}/exports.map")
    set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS "${dir}/exports.map")
    # A sanitizer's runtime is found in the program at load time.
    if(NOT BEACON_SANITIZE AND NOT "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize")
        target_link_options(${name} PRIVATE -Wl,-z,defs)
    endif()
endfunction()

function(_beacon_plugin_compile name dir libs)
    target_include_directories(${name} PRIVATE ${BEACON_SDK_INCLUDE_DIRS} "${dir}")
    if(TARGET beacon_build)
        target_link_libraries(${name} PRIVATE beacon_build)
    endif()
    target_link_libraries(${name} PRIVATE ${libs})
endfunction()

function(beacon_add_plugin)
    cmake_parse_arguments(PARSE_ARGV 0 ARG "UNCHECKED" "NAME;MANIFEST;OUTPUT_DIRECTORY"
                          "SOURCES;LIBS")
    foreach(needed IN ITEMS NAME MANIFEST SOURCES)
        if(NOT ARG_${needed})
            message(FATAL_ERROR "beacon_add_plugin: ${needed} is missing")
        endif()
    endforeach()
    if(NOT ARG_OUTPUT_DIRECTORY)
        set(ARG_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/${BEACON_PLUGIN_OUTPUT_DIRECTORY_DEFAULT}")
    endif()
    get_filename_component(manifest "${ARG_MANIFEST}" ABSOLUTE BASE_DIR
                           "${CMAKE_CURRENT_SOURCE_DIR}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${manifest}")
    file(READ "${manifest}" json)
    if(NOT ARG_UNCHECKED)
        _beacon_manifest_check("${manifest}" "${json}")
    endif()
    set(generated "${CMAKE_CURRENT_BINARY_DIR}/${ARG_NAME}_generated")
    _beacon_manifest_header("${manifest}" "${json}" ${ARG_NAME} "${generated}")
    if(BEACON_PLUGIN_IS_STATIC) # set by the host's build for its static set
        string(JSON id GET "${json}" id)
        beacon_static_plugin(NAME ${ARG_NAME} ID "${id}" MANIFEST "${manifest}"
                             GENERATED "${generated}" SOURCES ${ARG_SOURCES} LIBS ${ARG_LIBS})
        _beacon_plugin_compile(${ARG_NAME} "${generated}" "${ARG_LIBS}")
        return()
    endif()
    _beacon_manifest_note("${manifest}" ${ARG_NAME} "${generated}" note_source)

    add_library(${ARG_NAME} MODULE ${ARG_SOURCES} "${note_source}")
    set_target_properties(${ARG_NAME} PROPERTIES
        PREFIX "" SUFFIX ".so" LIBRARY_OUTPUT_DIRECTORY "${ARG_OUTPUT_DIRECTORY}"
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        POSITION_INDEPENDENT_CODE ON)
    _beacon_plugin_compile(${ARG_NAME} "${generated}" "${ARG_LIBS}")
    _beacon_plugin_link_options(${ARG_NAME} "${generated}")
    set_target_properties(${ARG_NAME} PROPERTIES # for beacon_add_plugin_test()
        BEACON_PLUGIN_SOURCES "${ARG_SOURCES}" BEACON_PLUGIN_LIBS "${ARG_LIBS}")
endfunction()
