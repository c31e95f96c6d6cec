/* SPDX-License-Identifier: Apache-2.0 */
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "plugin/trust.h"

/* What the linker, OpenSSL and the C library are told to load by their environment. OPENSSL_CONF
 * names code, too: libcurl reads it with the first request. */
static const char *const loading_variables[] = {
    "LD_PRELOAD",           "LD_LIBRARY_PATH", "LD_AUDIT",        "OPENSSL_CONF",
    "OPENSSL_CONF_INCLUDE", "OPENSSL_ENGINES", "OPENSSL_MODULES", "GCONV_PATH",
};

/* Is `variable` set to something? Each one of that name is looked at: getenv() sees the first, the
 * linker goes by the last. */
static bool is_set(const char *variable)
{
    const size_t n = strlen(variable);
    for (char **at = environ; at != NULL && *at != NULL; at++) {
        if (strncmp(*at, variable, n) == 0 && (*at)[n] == '=' && (*at)[n + 1] != '\0') {
            return true;
        }
    }
    return false;
}

/* The first object is the program. */
static int has_interpreter(struct dl_phdr_info *info, size_t n, void *ret)
{
    (void)n;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        *(bool *)ret = *(bool *)ret || info->dlpi_phdr[i].p_type == PT_INTERP;
    }
    return 1;
}

/* "ld-linux.so --preload x.so beacon" is LD_PRELOAD in other words, and the folder of the program is
 * then that of the linker. The kernel has loaded no linker for the program, though it asks for one. */
static int check_start(const char *what, struct beacon_error *err)
{
    bool is_dynamic = false;
    (void)dl_iterate_phdr(has_interpreter, &is_dynamic);
    if (!is_dynamic || getauxval(AT_BASE) != 0) {
        return BEACON_OK;
    }
    return error_set(err, BEACON_E_POLICY, "start the program by its own name",
                     "beacon was started through the dynamic linker, which could bring in other "
                     "code than the %s permits",
                     what);
}

int trust_check_environment(const struct trust_rules *rules, struct beacon_error *err)
{
    if (!trust_is_strict(rules)) {
        return BEACON_OK;
    }
    const char *what = rules->lock != NULL ? "plugin lock" : "policy";
    for (size_t i = 0; i < sizeof loading_variables / sizeof loading_variables[0]; i++) {
        const char *variable = loading_variables[i];
        if (!is_set(variable)) {
            continue;
        }
#ifdef BEACON_SANITIZED
        if (i == 0) { /* how a sanitizer's runtime gets into a program that was built without it */
            log_line(LOG_LEVEL_INFO, "LD_PRELOAD is set: permitted in a sanitizer build");
            continue;
        }
#endif
        char hint[sizeof err->hint];
        (void)snprintf(hint, sizeof hint, "run it without: env -u %s beacon …", variable);
        return error_set(err, BEACON_E_POLICY, hint,
                         "%s is set, which could bring in other code than the %s permits", variable,
                         what);
    }
    return check_start(what, err);
}
