/* policy.h - the admin's clamp on plugins: /etc/code/policy.d/ *.ini, all files intersected.
 *
 * Not a configuration layer: it gives no values, it refuses. A refusal is BEACON_E_POLICY (exit
 * status 78) with the file:line that decided. The folder, its files and every parent must belong to
 * root and be writable by nobody else (fstat of what was opened), an unknown section or key is an
 * error, and so is a file that cannot be read: then the host does not run. docs/plugin-policy.md has
 * every key.
 * Where a function takes a policy, NULL is "there is none" and allows everything. Strings that are
 * returned live as long as the policy. Thread: [any] once loaded; a policy never changes.
 */
#ifndef HOST_PLUGIN_POLICY_H
#define HOST_PLUGIN_POLICY_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin/discover.h"
#include "plugin/minisign.h"

#define POLICY_FILES_MAX 64

struct plugin_manifest;
struct plugin_policy;
struct text;

/* A minisign public key of [plugins] signers: "acme-2026:RWQ…". */
struct policy_signer {
    const char *name, *public_key;
    const char *where; /* "/etc/code/policy.d/10-acme.ini:4" */
    struct minisign_key key;
};

/* *ret is NULL when `dir` does not exist or holds no *.ini. POLICY: it cannot be trusted or read, or
 * its files contradict each other. */
int plugin_policy_load(const char *dir, struct plugin_policy **ret, struct beacon_error *err);
void plugin_policy_destroy(struct plugin_policy *policy); /* NULL is fine */

/* May this plugin be used, coming from this place? allow, deny, sources, capabilities_deny. `path` is
 * "" or NULL for a static plugin. */
int plugin_policy_judge(const struct plugin_policy *policy, const struct plugin_manifest *manifest,
                        enum plugin_place place, const char *path, struct beacon_error *err);

/* May plugins come from here at all? `path` is a folder to be searched, or a file. */
int plugin_policy_judge_place(const struct plugin_policy *policy, enum plugin_place place,
                              const char *path, struct beacon_error *err);

/* Is `folder`, beside the program or compiled in, what `sources = bundled` means: one that only root can
 * change? A copy of the program brings a folder of its own along. Asked once for the folder, besides
 * plugin_policy_judge_place(); a folder that is not there is fine. */
int plugin_policy_judge_bundled(const struct plugin_policy *policy, const char *folder,
                                struct beacon_error *err);

/* May a drop-in with `override = yes` replace the bundled `id`? With a policy only when at least one
 * file has an `allow_override`, and each one that there is names the id. */
int plugin_policy_judge_override(const struct plugin_policy *policy, const char *id,
                                 struct beacon_error *err);

/* The lock every plugin must match, or NULL; *ret_where (may be NULL) is the file:line. */
const char *plugin_policy_lock(const struct plugin_policy *policy, const char **ret_where);

/* One of them must have signed each file or the lock; 0 = no signature is asked for. Where several
 * files have signers, these are the keys that all of them have. */
size_t plugin_policy_signer_count(const struct plugin_policy *policy);
const struct policy_signer *plugin_policy_signer(const struct plugin_policy *policy, size_t i);

/* Verify a signature as the policy demands it: OK with *ret_signer NULL when it demands none. POLICY,
 * also when the signature file is missing. */
int plugin_policy_verify(const struct plugin_policy *policy, const struct minisign_subject *subject,
                         const char **ret_signer, struct beacon_error *err);

/* [require]. The mask of BEACON_SB_* (sandbox.h) that every plan must promise, 0 = none. */
uint32_t plugin_policy_required_promises(const struct plugin_policy *policy,
                                         const char **ret_where);
/* May a provider talk to the origin of this URL? */
int plugin_policy_judge_origin(const struct plugin_policy *policy, const char *url,
                               struct beacon_error *err);
/* Ids of the exporters that must be active, in order; NULL behind the last. */
const char *plugin_policy_required_telemetry(const struct plugin_policy *policy, size_t i,
                                             const char **ret_where);

/* The files it was read from, and for explanations every line as "where", "key" and "value". */
size_t plugin_policy_file_count(const struct plugin_policy *policy);
struct policy_line {
    const char *section, *key, *value, *where;
};
bool plugin_policy_line(const struct plugin_policy *policy, size_t i, struct policy_line *ret);

#endif
