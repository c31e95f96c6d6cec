# Third-party libraries. The host takes them from their .a: a dynamic library costs start-up time
# for every command, also for those that never use it. libcurl is not here on purpose: http/ opens
# it with dlopen when the first request leaves, and only its headers are needed to build.
find_package(Threads REQUIRED)

function(beacon_static_library target archive header)
    find_library(${target}_ARCHIVE NAMES ${archive} REQUIRED)
    find_path(${target}_INCLUDE NAMES ${header} REQUIRED)
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(${target} INTERFACE ${${target}_ARCHIVE} Threads::Threads ${CMAKE_DL_LIBS})
    target_include_directories(${target} SYSTEM INTERFACE ${${target}_INCLUDE})
    mark_as_advanced(${target}_ARCHIVE ${target}_INCLUDE)
endfunction()

beacon_static_library(lib_uv libuv_a.a uv.h)
beacon_static_library(lib_json libjson-c.a json-c/json.h)
beacon_static_library(lib_ini libinih.a ini.h)
beacon_static_library(lib_yaml libyaml.a yaml.h)
beacon_static_library(lib_sodium libsodium.a sodium.h)
beacon_static_library(lib_seccomp libseccomp.a seccomp.h) # only programs of the build use it

find_path(CURL_HEADERS NAMES curl/curl.h REQUIRED)
mark_as_advanced(CURL_HEADERS)
