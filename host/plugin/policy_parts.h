/* policy_parts.h - what a policy is made of: per file, the list of each key. Private to the policy. */
#ifndef HOST_PLUGIN_POLICY_PARTS_H
#define HOST_PLUGIN_POLICY_PARTS_H

#include <beacon/error.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin/policy.h"

struct ini_file;

enum policy_key {
    POLICY_ALLOW,
    POLICY_DENY,
    POLICY_SOURCES,
    POLICY_LOCK,
    POLICY_SIGNERS,
    POLICY_CAPABILITIES_DENY,
    POLICY_ALLOW_OVERRIDE,
    POLICY_SANDBOX,
    POLICY_PROVIDER_ORIGINS,
    POLICY_TELEMETRY,
    POLICY_KEYS
};

struct policy_item {
    char *text;
    char *where; /* "/etc/code/policy.d/10-acme.ini:4" */
};

struct policy_list {
    struct policy_item *items;
    size_t n;
    char *where; /* of the first line with the key; NULL: the file does not have it */
};

struct policy_file {
    char *name;
    struct policy_list lists[POLICY_KEYS];
};

struct plugin_policy {
    struct policy_file *files; /* in the order of their names */
    size_t n_files;
    struct policy_signer *signers; /* those all files have; they borrow from the files */
    size_t n_signers;
};

/* The list of file `i`, or NULL when that file does not have the key. */
static inline const struct policy_list *policy_list_of(const struct plugin_policy *policy, size_t i,
                                                       enum policy_key key)
{
    const struct policy_list *list = &policy->files[i].lists[key];
    return list->where != NULL ? list : NULL;
}

const char *policy_key_section(enum policy_key key);
const char *policy_key_name(enum policy_key key);

/* Add one file that has been read; every key and value is checked. POLICY with file:line. */
int policy_add_file(struct plugin_policy *policy, const struct ini_file *file,
                    struct beacon_error *err);

/* After the last file: what is computed over all of them. POLICY: they contradict each other. */
int policy_settle(struct plugin_policy *policy, struct beacon_error *err);

/* BEACON_SB_* of a name in lower case, 0 = unknown. */
uint32_t policy_promise_of(const char *name);

#endif
