/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/manifest.h"
#include "plugin/policy_origin.h"
#include "plugin/policy_parts.h"

#define LIST_BYTES 120 /* of what a sentence shows of a list */

void plugin_policy_destroy(struct plugin_policy *policy)
{
    if (policy == NULL) {
        return;
    }
    for (size_t i = 0; i < policy->n_files; i++) {
        for (size_t key = 0; key < POLICY_KEYS; key++) {
            struct policy_list *list = &policy->files[i].lists[key];
            for (size_t j = 0; j < list->n; j++) {
                free(list->items[j].text);
                free(list->items[j].where);
            }
            free(list->items);
            free(list->where);
        }
        free(policy->files[i].name);
    }
    for (size_t i = 0; i < policy->n_signers; i++) {
        free((void *)policy->signers[i].name);
    }
    free(policy->signers);
    free(policy->files);
    free(policy);
}

/* "static, bundled", cut where a sentence would become too long. */
static void show_list(const struct policy_list *list, struct text *out)
{
    text_init(out, LIST_BYTES);
    for (size_t i = 0; i < list->n; i++) {
        if (!text_addf(out, "%s%s", i > 0 ? ", " : "", list->items[i].text)) {
            (void)text_add_string(out, " …");
            break;
        }
    }
    (void)text_add_string(out, list->n == 0 ? "nothing" : "");
}

/* ---- which ids ---- */

static bool is_match(const char *pattern, const char *id)
{
    size_t n = strlen(pattern);
    return n > 0 && pattern[n - 1] == '*' ? strncmp(pattern, id, n - 1) == 0
                                          : strcmp(pattern, id) == 0;
}

static const struct policy_item *find_match(const struct policy_list *list, const char *id)
{
    for (size_t i = 0; i < list->n; i++) {
        if (is_match(list->items[i].text, id)) {
            return &list->items[i];
        }
    }
    return NULL;
}

static int judge_allow(const struct plugin_policy *policy, const char *id, struct beacon_error *err)
{
    for (size_t i = 0; i < policy->n_files; i++) {
        const struct policy_list *list = policy_list_of(policy, i, POLICY_ALLOW);
        if (list != NULL && find_match(list, id) == NULL) {
            return error_set(
                err, BEACON_E_POLICY, "ask the administrator to add it to `allow` there",
                "plugin %s is not among those the policy allows (%s)", id, list->where);
        }
    }
    return BEACON_OK;
}

static int judge_deny(const struct plugin_policy *policy, const char *id, struct beacon_error *err)
{
    for (size_t i = 0; i < policy->n_files; i++) {
        const struct policy_list *list = policy_list_of(policy, i, POLICY_DENY);
        const struct policy_item *item = list != NULL ? find_match(list, id) : NULL;
        if (item != NULL) {
            return error_set(
                err, BEACON_E_POLICY, "ask the administrator to take it off `deny` there",
                "plugin %s is denied by the policy (%s: %s)", id, item->where, item->text);
        }
    }
    return BEACON_OK;
}

int plugin_policy_judge_override(const struct plugin_policy *policy, const char *id,
                                 struct beacon_error *err)
{
    const char *where = policy != NULL && policy->n_files > 0 ? policy->files[0].name : "";
    bool is_named = false, is_refused = false;
    for (size_t i = 0; policy != NULL && i < policy->n_files && !is_refused; i++) {
        const struct policy_list *list = policy_list_of(policy, i, POLICY_ALLOW_OVERRIDE);
        if (list != NULL) {
            is_named = find_match(list, id) != NULL;
            is_refused = !is_named;
            where = list->where;
        }
    }
    if (policy == NULL || (is_named && !is_refused)) {
        return BEACON_OK;
    }
    return error_set(err, BEACON_E_POLICY,
                     "remove `override`, or ask the administrator to add it to `allow_override`",
                     "the policy does not let the bundled plugin %s be replaced (%s)", id, where);
}

/* ---- from where ---- */

static const char *source_of(enum plugin_place place)
{
    return place == PLUGIN_PLACE_STATIC                                    ? "static"
           : place == PLUGIN_PLACE_BUNDLED || place == PLUGIN_PLACE_LIBDIR ? "bundled"
                                                                           : "";
}

static bool is_source(const struct policy_list *list, enum plugin_place place, const char *path)
{
    for (size_t i = 0; i < list->n; i++) {
        const char *source = list->items[i].text;
        if (source[0] == '/' ? path[0] == '/' && path_is_beneath(path, source)
                             : strcmp(source, source_of(place)) == 0) {
            return true;
        }
    }
    return false;
}

int plugin_policy_judge_place(const struct plugin_policy *policy, enum plugin_place place,
                              const char *path, struct beacon_error *err)
{
    /* What the text says must be what is opened: ".." is gone, and links are not followed. */
    AUTO_FREE char *normal = path_normal("/", path != NULL ? path : "");
    const char *file = path != NULL && path[0] == '/' ? normal : "";
    for (size_t i = 0; policy != NULL && i < policy->n_files; i++) {
        const struct policy_list *list = policy_list_of(policy, i, POLICY_SOURCES);
        if (list != NULL && !is_source(list, place, file)) {
            AUTO_TEXT struct text shown;
            show_list(list, &shown);
            /* Two long paths fill the message; a third has its place in the advice. */
            char hint[sizeof err->hint];
            (void)snprintf(hint, sizeof hint,
                           "it allows %s; ask the administrator to install it there",
                           text_string(&shown));
            return error_set(err, BEACON_E_POLICY, hint,
                             "the policy does not allow plugins from %s (%s)",
                             file[0] != '\0' ? file : plugin_place_name(place), list->where);
        }
    }
    return BEACON_OK;
}

/* ---- what they ask for ---- */

/* `net` denies every `net:…`, `net:https://x` only that text. */
static bool is_denied_by(const char *denied, const char *capability)
{
    size_t n = strlen(denied);
    return strncmp(denied, capability, n) == 0 &&
           (capability[n] == '\0' || (capability[n] == ':' && strchr(denied, ':') == NULL));
}

static int judge_capability(const struct plugin_policy *policy, const char *id,
                            const char *capability, struct beacon_error *err)
{
    for (size_t i = 0; i < policy->n_files; i++) {
        const struct policy_list *list = &policy->files[i].lists[POLICY_CAPABILITIES_DENY];
        for (size_t j = 0; j < list->n; j++) {
            if (is_denied_by(list->items[j].text, capability)) {
                return error_set(err, BEACON_E_POLICY,
                                 "use a plugin that does without it, or ask the administrator",
                                 "plugin %s asks for %.60s, which the policy denies (%s)", id,
                                 capability, list->items[j].where);
            }
        }
    }
    return BEACON_OK;
}

/* What does its own requests cannot be held to the origins it may talk to. */
static int judge_transport(const struct plugin_policy *policy,
                           const struct plugin_manifest *manifest, struct beacon_error *err)
{
    for (size_t i = 0; i < policy->n_files; i++) {
        const struct policy_list *list = policy_list_of(policy, i, POLICY_PROVIDER_ORIGINS);
        if (list != NULL && manifest_has_capability(manifest, "own-transport", "")) {
            return error_set(
                err, BEACON_E_POLICY,
                "use a provider whose requests the host makes, or ask the administrator",
                "plugin %s makes its own requests, which cannot be held to the "
                "provider_origins of the policy (%s)",
                manifest->id, list->where);
        }
    }
    return BEACON_OK;
}

int plugin_policy_judge(const struct plugin_policy *policy, const struct plugin_manifest *manifest,
                        enum plugin_place place, const char *path, struct beacon_error *err)
{
    if (policy == NULL) {
        return BEACON_OK;
    }
    int rc = judge_deny(policy, manifest->id, err);
    rc = rc == BEACON_OK ? judge_allow(policy, manifest->id, err) : rc;
    rc = rc == BEACON_OK ? plugin_policy_judge_place(policy, place, path, err) : rc;
    for (size_t i = 0; i < manifest->n_capabilities && rc == BEACON_OK; i++) {
        rc = judge_capability(policy, manifest->id, manifest->capabilities[i], err);
    }
    return rc == BEACON_OK ? judge_transport(policy, manifest, err) : rc;
}

/* ---- what is required ---- */

uint32_t plugin_policy_required_promises(const struct plugin_policy *policy, const char **ret_where)
{
    uint32_t mask = 0;
    for (size_t i = 0; policy != NULL && i < policy->n_files; i++) {
        const struct policy_list *list = &policy->files[i].lists[POLICY_SANDBOX];
        if (mask == 0 && list->n > 0 && ret_where != NULL) {
            *ret_where = list->where;
        }
        for (size_t j = 0; j < list->n; j++) {
            mask |= policy_promise_of(list->items[j].text);
        }
    }
    return mask;
}

static bool has_origin(const struct policy_list *list, const char *origin)
{
    char allowed[POLICY_ORIGIN_BYTES];
    for (size_t i = 0; i < list->n; i++) {
        if (policy_origin_of(list->items[i].text, allowed) && strcmp(allowed, origin) == 0) {
            return true;
        }
    }
    return false;
}

int plugin_policy_judge_origin(const struct plugin_policy *policy, const char *url,
                               struct beacon_error *err)
{
    char origin[POLICY_ORIGIN_BYTES];
    bool has = policy_origin_of(url, origin);
    for (size_t i = 0; policy != NULL && i < policy->n_files; i++) {
        const struct policy_list *list = policy_list_of(policy, i, POLICY_PROVIDER_ORIGINS);
        if (list != NULL && (!has || !has_origin(list, origin))) {
            AUTO_TEXT struct text shown;
            show_list(list, &shown);
            return error_set(err, BEACON_E_POLICY,
                             "correct base_url, or ask the administrator to add the origin there",
                             "the policy does not allow requests to %.80s (%s allows %s)",
                             has ? origin : "a URL without a plain origin", list->where,
                             text_string(&shown));
        }
    }
    return BEACON_OK;
}

const char *plugin_policy_required_telemetry(const struct plugin_policy *policy, size_t i,
                                             const char **ret_where)
{
    for (size_t f = 0; policy != NULL && f < policy->n_files; f++) {
        const struct policy_list *list = &policy->files[f].lists[POLICY_TELEMETRY];
        if (i < list->n) {
            if (ret_where != NULL) {
                *ret_where = list->items[i].where;
            }
            return list->items[i].text;
        }
        i -= list->n;
    }
    return NULL;
}

/* ---- for explanations ---- */

size_t plugin_policy_file_count(const struct plugin_policy *policy)
{
    return policy != NULL ? policy->n_files : 0;
}

bool plugin_policy_line(const struct plugin_policy *policy, size_t i, struct policy_line *ret)
{
    for (size_t n = 0; policy != NULL && n < policy->n_files * POLICY_KEYS; n++) {
        enum policy_key key = (enum policy_key)(n % POLICY_KEYS);
        const struct policy_list *list = policy_list_of(policy, n / POLICY_KEYS, key);
        size_t lines = list == NULL ? 0 : list->n > 0 ? list->n : 1;
        if (i < lines) {
            const struct policy_item *item = list->n > 0 ? &list->items[i] : NULL;
            *ret = (struct policy_line){policy_key_section(key), policy_key_name(key),
                                        item != NULL ? item->text : "",
                                        item != NULL ? item->where : list->where};
            return true;
        }
        i -= lines;
    }
    return false;
}
