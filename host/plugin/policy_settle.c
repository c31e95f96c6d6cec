/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "plugin/policy_parts.h"

const char *plugin_policy_lock(const struct plugin_policy *policy, const char **ret_where)
{
    for (size_t i = 0; policy != NULL && i < policy->n_files; i++) {
        const struct policy_list *list = policy_list_of(policy, i, POLICY_LOCK);
        if (list != NULL) {
            if (ret_where != NULL) {
                *ret_where = list->where;
            }
            return list->items[0].text;
        }
    }
    return NULL;
}

size_t plugin_policy_signer_count(const struct plugin_policy *policy)
{
    return policy != NULL ? policy->n_signers : 0;
}

const struct policy_signer *plugin_policy_signer(const struct plugin_policy *policy, size_t i)
{
    assert(policy != NULL && i < policy->n_signers);
    return &policy->signers[i];
}

int plugin_policy_verify(const struct plugin_policy *policy, const struct minisign_subject *subject,
                         const char **ret_signer, struct beacon_error *err)
{
    if (plugin_policy_signer_count(policy) == 0) {
        if (ret_signer != NULL) {
            *ret_signer = NULL;
        }
        return BEACON_OK;
    }
    int rc = minisign_verify(policy->signers, policy->n_signers, subject, ret_signer, err);
    if (rc == BEACON_OK || err == NULL) {
        return rc == BEACON_OK ? rc : BEACON_E_POLICY;
    }
    AUTO_FREE char *what = alloc_string(err->message);
    return error_set(
        err, BEACON_E_POLICY,
        "ask the administrator for a signed copy (minisign -Sm FILE), with its .minisig", "%s: %s",
        policy->signers[0].where, what);
}

static int check_one_lock(const struct plugin_policy *policy, struct beacon_error *err)
{
    const char *where = NULL;
    const char *lock = plugin_policy_lock(policy, &where);
    for (size_t i = 0; i < policy->n_files; i++) {
        const struct policy_list *list = &policy->files[i].lists[POLICY_LOCK];
        for (size_t j = 0; j < list->n; j++) {
            if (strcmp(list->items[j].text, lock) != 0) {
                return error_set(err, BEACON_E_POLICY, "ask the administrator to name one lock",
                                 "the policy names two locks: %s (%s) and %s (%s)", lock, where,
                                 list->items[j].text, list->items[j].where);
            }
        }
    }
    return BEACON_OK;
}

/* The item has been checked: NAME:KEY. */
static struct policy_signer signer_of(const struct policy_item *item)
{
    const char *colon = strchr(item->text, ':');
    struct policy_signer signer = {
        .name = alloc_string_n(item->text, (size_t)(colon - item->text)),
        .public_key = colon + 1,
        .where = item->where,
    };
    (void)minisign_key_parse(colon + 1, &signer.key, NULL);
    return signer;
}

static bool has_key(const struct policy_list *list, const struct minisign_key *key)
{
    for (size_t i = 0; i < list->n; i++) {
        struct minisign_key other;
        const char *text = strchr(list->items[i].text, ':') + 1;
        if (minisign_key_parse(text, &other, NULL) == BEACON_OK &&
            memcmp(&other, key, sizeof other) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_in_every_file(const struct plugin_policy *policy, const struct minisign_key *key)
{
    for (size_t i = 0; i < policy->n_files; i++) {
        const struct policy_list *list = policy_list_of(policy, i, POLICY_SIGNERS);
        if (list != NULL && !has_key(list, key)) {
            return false;
        }
    }
    return true;
}

static void add_common_signers(struct plugin_policy *policy, const struct policy_list *list)
{
    policy->signers = alloc_array(list->n, sizeof *policy->signers);
    for (size_t i = 0; i < list->n; i++) {
        struct policy_signer signer = signer_of(&list->items[i]);
        if (is_in_every_file(policy, &signer.key)) {
            policy->signers[policy->n_signers++] = signer;
        } else {
            free((void *)signer.name);
        }
    }
}

int policy_settle(struct plugin_policy *policy, struct beacon_error *err)
{
    const struct policy_list *first = NULL, *last = NULL;
    for (size_t i = 0; i < policy->n_files; i++) {
        const struct policy_list *list = policy_list_of(policy, i, POLICY_SIGNERS);
        first = first == NULL ? list : first;
        last = list != NULL ? list : last;
    }
    if (first != NULL) {
        add_common_signers(policy, first);
    }
    if (first != NULL && policy->n_signers == 0) {
        /* No signer at all would read as no signature asked for. */
        return error_set(err, BEACON_E_POLICY, "ask the administrator to name a common key",
                         "the signers of the policy have no key in common (%s, %s)", first->where,
                         last->where);
    }
    return check_one_lock(policy, err);
}
