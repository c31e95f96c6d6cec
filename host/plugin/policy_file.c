/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon/sandbox.h>
#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/ini_file.h"
#include "base/path.h"
#include "plugin/policy_origin.h"
#include "plugin/policy_parts.h"

#define ID_BYTES "abcdefghijklmnopqrstuvwxyz0123456789-."
#define CORRECT_HINT                                                                               \
    "ask the administrator to correct the policy; docs/plugin-policy.md has every key"

/* Is this one item of the key's list? NULL, or what it is not. It may be rewritten in place by a
 * shorter one. */
typedef const char *(*check_fn)(char *item);

static const char *check_pattern(char *item)
{
    size_t n = strspn(item, ID_BYTES);
    bool is_pattern = item[n] == '*' && item[n + 1] == '\0';
    return (n > 0 && item[n] == '\0') || is_pattern
               ? NULL
               : "a plugin id, which may end with one *, as in com.acme.*";
}

static const char *check_id(char *item)
{
    return strspn(item, ID_BYTES) == strlen(item) ? NULL : "a plugin id such as com.acme.audit";
}

static const char *check_path(char *item)
{
    if (item[0] != '/') {
        return "an absolute path";
    }
    AUTO_FREE char *normal = path_normal("/", item);
    memcpy(item, normal, strlen(normal) + 1); /* never longer */
    return NULL;
}

static const char *check_source(char *item)
{
    return strcmp(item, "static") == 0 || strcmp(item, "bundled") == 0 || check_path(item) == NULL
               ? NULL
               : "static, bundled, or an absolute folder";
}

static const char *check_signer(char *item)
{
    struct minisign_key key;
    const char *colon = strchr(item, ':');
    return colon != NULL && colon != item && minisign_key_parse(colon + 1, &key, NULL) == BEACON_OK
               ? NULL
               : "NAME:KEY with the public key of minisign, 56 characters that begin with RW";
}

static const char *check_capability(char *item)
{
    static const char *const heads[] = {"net",     "exec", "fs-read", "fs-write",      "env",
                                        "secrets", "ui",   "kernel",  "own-transport", "threads"};
    size_t n = strcspn(item, ":");
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (strlen(heads[i]) == n && memcmp(item, heads[i], n) == 0) {
            return NULL;
        }
    }
    return "a capability: net, exec, fs-read, fs-write, env, secrets, ui, kernel, own-transport or "
           "threads, alone or with the text behind its colon";
}

static const char *check_promise(char *item)
{
    return policy_promise_of(item) != 0 ? NULL
                                        : "a promise: fs_write, fs_read, net, net_allowlist, proc, "
                                          "ipc, syscalls, exec or resources";
}

static const char *check_origin(char *item)
{
    return policy_origin_is_bare(item) ? NULL : "an origin such as https://llm.acme.example";
}

struct key_row {
    const char *section, *name;
    check_fn check;
    bool needs_item; /* an empty list would mean nothing, or that nothing ever runs */
};

static const struct key_row rows[POLICY_KEYS] = {
    [POLICY_ALLOW] = {"plugins", "allow", check_pattern, false},
    [POLICY_DENY] = {"plugins", "deny", check_pattern, false},
    [POLICY_SOURCES] = {"plugins", "sources", check_source, false},
    [POLICY_LOCK] = {"plugins", "lock", check_path, true},
    [POLICY_SIGNERS] = {"plugins", "signers", check_signer, true},
    [POLICY_CAPABILITIES_DENY] = {"plugins", "capabilities_deny", check_capability, false},
    [POLICY_ALLOW_OVERRIDE] = {"plugins", "allow_override", check_pattern, false},
    [POLICY_SANDBOX] = {"require", "sandbox", check_promise, false},
    [POLICY_PROVIDER_ORIGINS] = {"require", "provider_origins", check_origin, false},
    [POLICY_TELEMETRY] = {"require", "telemetry", check_id, false},
};

const char *policy_key_section(enum policy_key key)
{
    return rows[key].section;
}

const char *policy_key_name(enum policy_key key)
{
    return rows[key].name;
}

uint32_t policy_promise_of(const char *name)
{
    static const struct promise_row {
        const char *name;
        uint32_t bit;
    } promises[] = {
        {"fs_write", BEACON_SB_FS_WRITE},
        {"fs_read", BEACON_SB_FS_READ},
        {"net", BEACON_SB_NET},
        {"net_allowlist", BEACON_SB_NET_ALLOWLIST},
        {"proc", BEACON_SB_PROC},
        {"ipc", BEACON_SB_IPC},
        {"syscalls", BEACON_SB_SYSCALLS},
        {"exec", BEACON_SB_EXEC},
        {"resources", BEACON_SB_RESOURCES},
    };
    for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++) {
        if (strcmp(promises[i].name, name) == 0) {
            return promises[i].bit;
        }
    }
    return 0;
}

static char *without_blanks(const char *at, size_t n)
{
    while (n > 0 && isspace((unsigned char)at[0])) {
        at++;
        n--;
    }
    while (n > 0 && isspace((unsigned char)at[n - 1])) {
        n--;
    }
    return alloc_string_n(at, n);
}

static int add_item(struct policy_list *list, const struct key_row *row, char *text,
                    const char *where, struct beacon_error *err)
{
    AUTO_FREE char *item = text;
    const char *wanted = item[0] != '\0' ? row->check(item) : "empty between two commas";
    if (item[0] == '\0') {
        return error_set(err, BEACON_E_POLICY, CORRECT_HINT, "%s: an item of `%s` is %s", where,
                         row->name, wanted);
    }
    if (wanted != NULL) {
        return error_set(err, BEACON_E_POLICY, CORRECT_HINT,
                         "%s: `%s` has '%.60s', which is not %s", where, row->name, item, wanted);
    }
    list->items = alloc_grow(list->items, list->n + 1, sizeof *list->items);
    list->items[list->n++] = (struct policy_item){take_pointer(item), alloc_string(where)};
    return BEACON_OK;
}

static int add_line(struct policy_list *list, const struct key_row *row, const char *value,
                    const char *where, struct beacon_error *err)
{
    int rc = BEACON_OK;
    if (list->where == NULL) {
        list->where = alloc_string(where);
    }
    for (const char *at = value; value[0] != '\0' && at != NULL && rc == BEACON_OK;) {
        size_t n = strcspn(at, ",");
        rc = add_item(list, row, without_blanks(at, n), where, err);
        at = at[n] == ',' ? at + n + 1 : NULL;
    }
    return rc;
}

static const struct key_row *find_row(const struct ini_entry *entry, enum policy_key *ret)
{
    for (size_t i = 0; i < POLICY_KEYS; i++) {
        if (strcmp(rows[i].section, entry->section) == 0 && strcmp(rows[i].name, entry->key) == 0) {
            *ret = (enum policy_key)i;
            return &rows[i];
        }
    }
    return NULL;
}

static int add_entry(struct policy_file *file, const struct ini_entry *entry,
                     struct beacon_error *err)
{
    enum policy_key key = POLICY_ALLOW;
    const struct key_row *row = find_row(entry, &key);
    AUTO_FREE char *where = alloc_printf("%s:%u", file->name, entry->line);
    if (row == NULL) {
        return error_set(err, BEACON_E_POLICY, CORRECT_HINT,
                         "%s: the policy has no key `%s` in [%s]", where, entry->key,
                         entry->section);
    }
    return add_line(&file->lists[key], row, entry->value, where, err);
}

static int check_sections(const struct ini_file *file, struct beacon_error *err)
{
    for (size_t i = 0; i < ini_file_section_count(file); i++) {
        uint32_t line = 0;
        const char *name = ini_file_section(file, i, &line);
        if (strcmp(name, "plugins") != 0 && strcmp(name, "require") != 0) {
            return error_set(err, BEACON_E_POLICY, CORRECT_HINT,
                             "%s:%u: the policy has no section [%s], only [plugins] and [require]",
                             ini_file_name(file), line, name);
        }
    }
    return BEACON_OK;
}

static int check_needed_items(const struct policy_file *file, struct beacon_error *err)
{
    for (size_t i = 0; i < POLICY_KEYS; i++) {
        const struct policy_list *list = &file->lists[i];
        if (rows[i].needs_item && list->where != NULL && list->n == 0) {
            return error_set(err, BEACON_E_POLICY, CORRECT_HINT, "%s: `%s` has no value",
                             list->where, rows[i].name);
        }
    }
    return BEACON_OK;
}

int policy_add_file(struct plugin_policy *policy, const struct ini_file *file,
                    struct beacon_error *err)
{
    policy->files = alloc_grow(policy->files, policy->n_files + 1, sizeof *policy->files);
    struct policy_file *added = &policy->files[policy->n_files++];
    *added = (struct policy_file){.name = alloc_string(ini_file_name(file))};
    int rc = check_sections(file, err);
    for (size_t i = 0; i < ini_file_count(file) && rc == BEACON_OK; i++) {
        rc = add_entry(added, ini_file_entry(file, i), err);
    }
    return rc == BEACON_OK ? check_needed_items(added, err) : rc;
}
