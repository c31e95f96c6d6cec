# One interface library, beacon_build, carries the compile flags of everything we write.
include(CheckPIESupported)
check_pie_supported()

add_library(beacon_build INTERFACE)
target_compile_definitions(beacon_build INTERFACE _GNU_SOURCE)
target_compile_options(beacon_build INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wvla
    "$<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes;-Wmissing-prototypes>"
    -fstack-protector-strong -ffunction-sections -fdata-sections)
target_link_options(beacon_build INTERFACE -Wl,-z,relro,-z,now -Wl,--gc-sections)
# What is released names no folder of the machine that built it; a debugger of a debug build needs them.
target_compile_options(beacon_build INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=>
    $<$<NOT:$<CONFIG:Debug>>:-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.>)
if(BEACON_WERROR)
    target_compile_options(beacon_build INTERFACE -Werror)
endif()

if(BEACON_SANITIZE)
    target_compile_options(beacon_build INTERFACE
        -fsanitize=${BEACON_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(beacon_build INTERFACE -fsanitize=${BEACON_SANITIZE})
    # The sanitizers intercept dlopen and friends; code that must know says #ifdef BEACON_SANITIZED.
    target_compile_definitions(beacon_build INTERFACE BEACON_SANITIZED)
else()
    # _FORTIFY_SOURCE needs optimisation and hides overflows from the sanitizers.
    target_compile_options(beacon_build INTERFACE $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
        $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()

# The rooms carry the coverage that guides the fuzzers; beacon_fuzzer() adds libFuzzer itself.
if(BEACON_FUZZ)
    target_compile_options(beacon_build INTERFACE -fsanitize=fuzzer-no-link)
    target_link_options(beacon_build INTERFACE -fsanitize=fuzzer-no-link)
endif()
