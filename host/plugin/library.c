/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/library.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "plugin/elf_audit.h"
#include "plugin/library_folders.h"
#include "plugin/lock.h"
#include "plugin/ownership.h"
#include "plugin/sealed_file.h"
#include "plugin/sha256.h"
#include "plugin/trust.h"

#define CONFIGURATION "/etc/ld.so.conf"
#define LIBRARIES_MAX 64
#define LOCK_HINT     "look at the library, then pin it: beacon plugin lock"

/* What is being closed over, for errors and for the recursion. */
struct closure {
    const struct library_rules *rules;
    const char *name;
    struct trusted_file *file;
    struct beacon_error *err;
    size_t depth;
};

static int open_in(const char *const *folders, const char *soname, struct sealed_file *ret,
                   struct beacon_error *err)
{
    for (size_t i = 0; folders[i] != NULL; i++) {
        AUTO_FREE char *path = path_join(folders[i], soname);
        /* lib*.so.1 is a link to the file of the day; what it leads to is checked on its own. */
        AUTO_FREE char *real = realpath(path, NULL);
        if (real == NULL) {
            continue;
        }
        AUTO_CLOSE int fd = -1;
        int rc = ownership_open(NULL, real, true, &fd, err);
        return rc == BEACON_OK ? sealed_file_read(fd, soname, TRUST_FILE_MAX_BYTES, ret, err) : rc;
    }
    return error_set(err, BEACON_E_NOT_FOUND,
                     "install it into a folder of /etc/ld.so.conf, or link it into the plugin",
                     "the library %s is in none of the system's library folders", soname);
}

int library_open(const char *soname, const char *const *folders, struct sealed_file *ret,
                 struct beacon_error *err)
{
    if (folders != NULL) {
        return open_in(folders, soname, ret, err);
    }
    char **own = library_folders_read(CONFIGURATION);
    int rc = open_in((const char *const *)own, soname, ret, err);
    library_folders_destroy(own);
    return rc;
}

static bool is_there(const struct trusted_file *file, const char *soname)
{
    for (size_t i = 0; i < file->n_libraries; i++) {
        if (strcmp(file->libraries[i].soname, soname) == 0) {
            return true;
        }
    }
    return false;
}

/* The hash that the pin gives for `soname`; an error when it gives none. */
static int pinned_hash(const struct closure *closure, const char *soname, const char **ret)
{
    const struct lock_pin *pin = closure->rules->pin;
    const size_t n = strlen(soname);
    for (size_t i = 0; pin->needed != NULL && pin->needed[i] != NULL; i++) {
        if (strncmp(pin->needed[i], soname, n) == 0 && pin->needed[i][n] == ':') {
            *ret = pin->needed[i] + n + 1;
            return BEACON_OK;
        }
        if (strcmp(pin->needed[i], soname) == 0) {
            return error_set(closure->err, BEACON_E_POLICY, LOCK_HINT,
                             "%s needs the library %s, which %s:%" PRIu32
                             " names without its SHA-256",
                             closure->name, soname, closure->rules->lock_path, pin->line);
        }
    }
    return error_set(closure->err, BEACON_E_POLICY, LOCK_HINT,
                     "%s needs the library %s, which %s:%" PRIu32 " does not name", closure->name,
                     soname, closure->rules->lock_path, pin->line);
}

static int close_over_names(struct closure *closure, const struct elf_audit *audit);

/* Compare the sealed library with its pin, then bring in what it needs itself. */
/* NOLINTNEXTLINE(misc-no-recursion): at most LIBRARIES_MAX deep, as many as there may be */
static int judge(struct closure *closure, const char *soname, const char *pinned,
                 const struct sealed_file *sealed)
{
    char hash[SHA256_HEX];
    struct elf_audit *audit = NULL;
    struct elf_finding finding;
    sha256_hex(sealed->bytes, sealed->n, hash);
    if (strcmp(hash, pinned) != 0) {
        return error_set(closure->err, BEACON_E_POLICY, LOCK_HINT,
                         "the library %s of %s has the SHA-256 %s, pinned is %s by %s:%" PRIu32,
                         soname, closure->name, hash, pinned, closure->rules->lock_path,
                         closure->rules->pin->line);
    }
    int rc = elf_audit_read(sealed->bytes, sealed->n, soname, &audit, closure->err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (audit->soname == NULL || strcmp(audit->soname, soname) != 0) {
        rc = error_set(closure->err, BEACON_E_REFUSED, "link the library with -soname",
                       "the library %s calls itself %s", soname,
                       audit->soname != NULL ? audit->soname : "nothing");
    } else if (elf_audit_finding(audit, NULL, NULL, 0, &finding) &&
               finding.kind == ELF_FINDING_SEARCH_PATH) {
        rc = error_set(closure->err, BEACON_E_REFUSED, finding.remedy, "the library %s of %s %s",
                       soname, closure->name, finding.text);
    } else {
        rc = close_over_names(closure, audit);
    }
    elf_audit_destroy(audit);
    return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): as above */
static int close_over(struct closure *closure, const char *soname)
{
    const char *pinned = "";
    struct sealed_file sealed = {.fd = -1};
    int rc = pinned_hash(closure, soname, &pinned); /* before anything is looked for */
    if (rc == BEACON_OK) {
        rc = library_open(soname, closure->rules->folders, &sealed, closure->err);
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    closure->depth++;
    rc = judge(closure, soname, pinned, &sealed);
    closure->depth--;
    if (rc == BEACON_OK && !is_there(closure->file, soname)) {
        struct trusted_file *file = closure->file;
        file->libraries =
            alloc_grow(file->libraries, file->n_libraries + 1, sizeof *file->libraries);
        struct trusted_library *library = &file->libraries[file->n_libraries++];
        *library =
            (struct trusted_library){.soname = alloc_string(soname), .fd = take_fd(&sealed.fd)};
        (void)strncpy(library->sha256, pinned, sizeof library->sha256 - 1);
    }
    sealed_file_finish(&sealed);
    return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): as above */
static int close_over_names(struct closure *closure, const struct elf_audit *audit)
{
    int rc = BEACON_OK;
    for (size_t i = 0; rc == BEACON_OK && audit->needed[i] != NULL; i++) {
        const char *soname = audit->needed[i];
        if (elf_audit_is_allowed_library(soname) || is_there(closure->file, soname)) {
            continue;
        }
        if (closure->depth + closure->file->n_libraries >= LIBRARIES_MAX) {
            return error_set(closure->err, BEACON_E_LIMIT, "link fewer libraries into the plugin",
                             "%s needs more than %d libraries", closure->name, LIBRARIES_MAX);
        }
        rc = close_over(closure, soname);
    }
    return rc;
}

int library_close_over(const struct library_rules *rules, const char *name,
                       struct trusted_file *file, struct beacon_error *err)
{
    struct closure closure = {.rules = rules, .name = name, .file = file, .err = err};
    return close_over_names(&closure, file->audit);
}
