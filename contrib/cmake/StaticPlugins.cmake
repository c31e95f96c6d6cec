# Plugins that become part of the program: -DBEACON_STATIC_PLUGINS="provider_responses;../acme" names
# bundled plugins, or folders whose CMakeLists.txt calls beacon_add_plugin(), such as one made by
# `beacon plugin new`; "all" is every bundled one.
#
# Each is compiled with BEACON_STATIC_PLUGIN, which gives its entry a name of its own, and then linked
# into one relocatable object in which everything but the entry is local: a plugin may name its
# functions as it likes, as in a shared object. The table of the entries is generated
# (host/plugin/static_set.h); nothing registers itself in a constructor, which linkers drop.
find_program(BEACON_OBJCOPY NAMES ${CMAKE_OBJCOPY} objcopy)
mark_as_advanced(BEACON_OBJCOPY)

# A plugin in C++ makes the program one, and its linker must be known in the folder of the program.
foreach(plugin IN LISTS BEACON_STATIC_PLUGINS)
    get_filename_component(folder "${plugin}" ABSOLUTE BASE_DIR "${PROJECT_SOURCE_DIR}")
    if(EXISTS "${folder}/CMakeLists.txt")
        file(STRINGS "${folder}/CMakeLists.txt" cxx_lines REGEX "LANGUAGES.*CXX")
        if(cxx_lines)
            enable_language(CXX)
        endif()
    endif()
endforeach()

# Is the bundled plugin `name` one of the static ones?
function(beacon_is_static_plugin name out)
    if("all" IN_LIST BEACON_STATIC_PLUGINS OR name IN_LIST BEACON_STATIC_PLUGINS)
        set(${out} YES PARENT_SCOPE)
    else()
        set(${out} NO PARENT_SCOPE)
    endif()
endfunction()

# The word that the sources give to BEACON_PLUGIN(word, …): the entry is named after it.
function(_beacon_static_ident name out)
    foreach(source IN LISTS ARGN)
        get_filename_component(source "${source}" ABSOLUTE)
        if(EXISTS "${source}")
            file(READ "${source}" text)
            if(text MATCHES "[^_A-Z]BEACON_PLUGIN[ \t\r\n]*\\([ \t\r\n]*([A-Za-z_][A-Za-z0-9_]*)")
                set(${out} "${CMAKE_MATCH_1}" PARENT_SCOPE)
                return()
            endif()
        endif()
    endforeach()
    message(FATAL_ERROR "plugin ${name}: none of its sources has BEACON_PLUGIN(name, &plugin), "
                        "which the static set finds the entry by")
endfunction()

# Called by beacon_add_plugin() in the place of add_library(… MODULE …).
function(beacon_static_plugin)
    cmake_parse_arguments(PARSE_ARGV 0 ARG "" "NAME;ID;MANIFEST;GENERATED" "SOURCES;LIBS")
    set(name ${ARG_NAME})
    _beacon_static_ident(${name} ident ${ARG_SOURCES})
    get_property(known GLOBAL PROPERTY BEACON_STATIC_SET)
    foreach(row IN LISTS known)
        string(REPLACE "|" ";" row "${row}")
        list(GET row 1 known_ident)
        list(GET row 2 known_id)
        if(known_ident STREQUAL ident OR known_id STREQUAL "${ARG_ID}")
            list(GET row 0 known_name)
            message(FATAL_ERROR "static plugins ${known_name} and ${name} collide: "
                "ids ${known_id} and ${ARG_ID}, BEACON_PLUGIN(${known_ident}, …) and (${ident}, …); "
                "leave one out or rename it")
        endif()
    endforeach()

    add_library(${name} OBJECT ${ARG_SOURCES})
    set_target_properties(${name} PROPERTIES C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON)
    target_compile_definitions(${name} PRIVATE BEACON_STATIC_PLUGIN)

    set(object "${ARG_GENERATED}/${name}.o")
    set(digest "${ARG_GENERATED}/${name}_static.h")
    add_custom_command(OUTPUT "${object}"
        COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o "${object}.whole" $<TARGET_OBJECTS:${name}>
        COMMAND ${BEACON_OBJCOPY} --keep-global-symbol=beacon_plugin_entry_v1__${ident}
                "${object}.whole" "${object}"
        DEPENDS ${name} $<TARGET_OBJECTS:${name}>
        COMMAND_EXPAND_LISTS VERBATIM COMMENT "Linking static plugin ${name}")
    add_custom_command(OUTPUT "${digest}"
        COMMAND ${CMAKE_COMMAND} -DFOLDER=${CMAKE_CURRENT_SOURCE_DIR} -DMANIFEST=${ARG_MANIFEST}
                -DIDENT=${ident} -DTO=${digest} -P ${beacon_SOURCE_DIR}/contrib/cmake/static_digest.cmake
        DEPENDS ${name} $<TARGET_OBJECTS:${name}> "${ARG_MANIFEST}"
        VERBATIM)
    add_custom_target(${name}_static DEPENDS "${object}" "${digest}")
    set_property(GLOBAL APPEND PROPERTY BEACON_STATIC_SET "${name}|${ident}|${ARG_ID}")
    set_property(GLOBAL APPEND PROPERTY BEACON_STATIC_OBJECTS "${object}")
    set_property(GLOBAL APPEND PROPERTY BEACON_STATIC_HEADERS "${digest}")
    set_property(GLOBAL APPEND PROPERTY BEACON_STATIC_LIBS ${ARG_LIBS})
    if("${ARG_SOURCES}" MATCHES "\\.(cc|cpp|cxx|C)(;|$)")
        set_property(GLOBAL PROPERTY BEACON_STATIC_LANGUAGE CXX)
    endif()
endfunction()

# Link the static set into a program of the host.
function(beacon_link_static_set target)
    get_property(rows GLOBAL PROPERTY BEACON_STATIC_SET)
    if(NOT rows)
        return()
    endif()
    get_property(objects GLOBAL PROPERTY BEACON_STATIC_OBJECTS)
    get_property(headers GLOBAL PROPERTY BEACON_STATIC_HEADERS)
    get_property(libs GLOBAL PROPERTY BEACON_STATIC_LIBS)
    get_property(language GLOBAL PROPERTY BEACON_STATIC_LANGUAGE)
    set(includes "")
    set(table "")
    foreach(row IN LISTS rows)
        string(REPLACE "|" ";" row "${row}")
        list(GET row 0 name)
        list(GET row 1 ident)
        add_dependencies(${target} ${name}_static)
        string(APPEND includes "#include \"${name}_static.h\"\n")
        string(APPEND table "    {\"${name}\", beacon_plugin_entry_v1__${ident}, ${ident}_manifest,\n"
                            "     sizeof ${ident}_manifest, ${ident}_sources_sha256},\n")
    endforeach()
    set(source "${CMAKE_CURRENT_BINARY_DIR}/static_set.c")
    file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT
"/* Generated: the plugins of BEACON_STATIC_PLUGINS. */
#include \"plugin/static_set.h\"

@includes@
const struct static_plugin static_set[] = {
@table@    {0},
};
")
    # The commands that make them belong to other folders: tell the target's that they will be there.
    set_source_files_properties(${objects} TARGET_DIRECTORY ${target}
        PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    set_source_files_properties(${headers} TARGET_DIRECTORY ${target} PROPERTIES GENERATED ON)
    target_sources(${target} PRIVATE "${source}" ${objects} ${headers})
    foreach(header IN LISTS headers)
        get_filename_component(dir "${header}" DIRECTORY)
        target_include_directories(${target} PRIVATE "${dir}")
    endforeach()
    target_link_libraries(${target} PRIVATE ${libs})
    if(language)
        set_target_properties(${target} PROPERTIES LINKER_LANGUAGE ${language})
    endif()
endfunction()
