/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/trust.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/log.h"
#include "base/path.h"
#include "plugin/library.h"
#include "plugin/lock.h"
#include "plugin/manifest.h"
#include "plugin/minisign.h"
#include "plugin/ownership.h"
#include "plugin/pin.h"
#include "plugin/policy.h"
#include "plugin/sealed_file.h"
#include "plugin/sha256.h"

/* One file on its way through the sequence. */
struct inspection {
    const char *path, *name;
    const struct trust_rules *rules;
    const struct lock_pin *pin; /* NULL: no lock */
    struct trusted_file file;
    struct beacon_error *err;
};

bool trust_is_strict(const struct trust_rules *rules)
{
    return rules->policy != NULL || rules->lock != NULL;
}

int trust_open_owned(const char *path, bool is_strict, int *ret_fd, struct beacon_error *err)
{
    return ownership_open(NULL, path, is_strict, ret_fd, err);
}

int trust_open_owned_in(struct owned_folders *known, const char *path, bool is_strict, int *ret_fd,
                        struct beacon_error *err)
{
    return ownership_open(known, path, is_strict, ret_fd, err);
}

/* Path → sealed bytes. */
static int seal(struct inspection *it)
{
    AUTO_CLOSE int fd = -1;
    struct sealed_file sealed = {.fd = -1};
    int rc = ownership_open(it->rules->known, it->path, trust_is_strict(it->rules), &fd, it->err);
    if (rc == BEACON_OK) {
        rc = sealed_file_read(fd, it->name, TRUST_FILE_MAX_BYTES, &sealed, it->err);
    }
    if (rc == BEACON_OK) {
        it->file.fd = sealed.fd;
        it->file.bytes = sealed.bytes;
        it->file.size_bytes = sealed.n;
    }
    return rc;
}

/* Sealed bytes → what they say about themselves. */
static int read_bytes(struct inspection *it)
{
    struct trusted_file *file = &it->file;
    const size_t n = (size_t)file->size_bytes;
    int rc = manifest_read_bytes(file->bytes, n, it->name, &file->manifest, it->err);
    if (rc == BEACON_OK) {
        rc = elf_audit_read(file->bytes, n, it->name, &file->audit, it->err);
    }
    if (rc == BEACON_OK && (it->rules->lock != NULL || !it->rules->skips_hash)) {
        sha256_hex(file->bytes, n, file->sha256);
    }
    return rc;
}

static int check_lock(struct inspection *it)
{
    return it->rules->lock != NULL
               ? pin_check(&it->file, it->name, it->rules->lock, &it->pin, it->err)
               : BEACON_OK;
}

static int check_signature(struct inspection *it)
{
    if (plugin_policy_signer_count(it->rules->policy) == 0) {
        return BEACON_OK;
    }
    if (it->rules->lock != NULL && plugin_lock_signer(it->rules->lock) != NULL) {
        it->file.signer = plugin_lock_signer(it->rules->lock); /* it covers the hash of this file */
        return BEACON_OK;
    }
    AUTO_FREE char *signature = alloc_printf("%s" MINISIGN_SUFFIX, it->path);
    const struct minisign_subject subject = {.name = it->name,
                                             .bytes = it->file.bytes,
                                             .n = (size_t)it->file.size_bytes,
                                             .signature_path = signature};
    return plugin_policy_verify(it->rules->policy, &subject, &it->file.signer, it->err);
}

static int refuse_finding(const struct inspection *it, const struct elf_finding *finding)
{
    if (!finding->is_hard) {
        return error_set(it->err, BEACON_E_POLICY, finding->remedy,
                         "%s %s, and a policy is in force", it->name, finding->text);
    }
    beacon_rc code = BEACON_E_REFUSED;
    if (finding->kind == ELF_FINDING_NO_ENTRY) {
        code = finding->is_unsupported ? BEACON_E_UNSUPPORTED : BEACON_E_INVALID;
    }
    return error_set(it->err, code, finding->remedy, "%s %s", it->name, finding->text);
}

static int check_linking(struct inspection *it)
{
    static const char *const none[] = {NULL};
    struct elf_audit audit = *it->file.audit;
    if (it->rules->policy == NULL && !log_is_on(LOG_LEVEL_DEBUG)) {
        audit.imports = none; /* nobody would hear of them, and there are many */
    }
    const struct plugin_manifest *manifest = it->file.manifest;
    const char *capabilities[MANIFEST_CAPABILITIES_MAX + 1] = {NULL};
    struct elf_finding finding;
    memcpy(capabilities, manifest->capabilities, manifest->n_capabilities * sizeof capabilities[0]);
    const char *const *pinned = it->pin != NULL ? it->pin->needed : NULL;
    for (size_t i = 0; elf_audit_finding(&audit, capabilities, pinned, i, &finding); i++) {
        if (finding.is_hard || it->rules->policy != NULL) {
            return refuse_finding(it, &finding);
        }
        /* Under a lock library_close_over() has the word about libraries. */
        if (finding.kind != ELF_FINDING_LIBRARY || it->rules->lock == NULL) {
            log_line(finding.kind == ELF_FINDING_LIBRARY ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG,
                     "plugin %s %s; %s", it->name, finding.text, finding.remedy);
        }
    }
    return BEACON_OK;
}

/* A constructor runs before the first question can be asked of the plugin. */
static int check_constructors(const struct inspection *it)
{
    const uint32_t n = it->file.audit->n_constructors;
    if (n == 0 || it->rules->policy == NULL || it->file.signer != NULL) {
        return BEACON_OK;
    }
#ifdef BEACON_SANITIZED
    for (size_t i = 0; it->file.audit->imports[i] != NULL; i++) {
        if (strncmp(it->file.audit->imports[i], "__asan_init", sizeof "__asan_init" - 1) == 0 ||
            strncmp(it->file.audit->imports[i], "__tsan_init", sizeof "__tsan_init" - 1) == 0) {
            log_line(LOG_LEVEL_INFO, "plugin %s may have constructors: it is a sanitizer build",
                     it->name);
            return BEACON_OK;
        }
    }
#endif
    return error_set(it->err, BEACON_E_POLICY,
                     "build it without constructors, or have it signed by one of the policy's "
                     "signers",
                     "%s has %" PRIu32 " constructor%s, which would run unseen in an unsigned "
                     "file, and a policy is in force",
                     it->name, n, n == 1 ? "" : "s");
}

static int check_libraries(struct inspection *it)
{
    if (it->pin == NULL) {
        return BEACON_OK;
    }
    const struct library_rules rules = {.pin = it->pin,
                                        .lock_path = plugin_lock_path(it->rules->lock),
                                        .folders = it->rules->library_folders};
    return library_close_over(&rules, it->name, &it->file, it->err);
}

int trust_open(const char *path, const struct trust_rules *rules, struct trusted_file *ret,
               struct beacon_error *err)
{
    static const struct trust_rules none = {0};
    static int (*const steps[])(struct inspection *) = {
        seal, read_bytes, check_lock, check_signature, check_linking, check_libraries,
    };
    struct inspection it = {.path = path,
                            .name = path_base(path),
                            .rules = rules != NULL ? rules : &none,
                            .file = {.fd = -1},
                            .err = err};
    int rc = BEACON_OK;
    for (size_t i = 0; rc == BEACON_OK && i < sizeof steps / sizeof steps[0]; i++) {
        rc = steps[i](&it);
    }
    if (rc == BEACON_OK) {
        rc = check_constructors(&it);
    }
    if (rc != BEACON_OK) {
        trusted_file_finish(&it.file);
        return rc;
    }
    *ret = it.file;
    return BEACON_OK;
}

void trusted_file_finish(struct trusted_file *file)
{
    struct sealed_file sealed = {
        .fd = file->fd, .bytes = file->bytes, .n = (size_t)file->size_bytes};
    sealed_file_finish(&sealed);
    manifest_destroy(file->manifest);
    elf_audit_destroy(file->audit);
    for (size_t i = 0; i < file->n_libraries; i++) {
        free(file->libraries[i].soname);
        auto_close(&file->libraries[i].fd);
    }
    free(file->libraries);
    *file = (struct trusted_file){.fd = -1};
}
