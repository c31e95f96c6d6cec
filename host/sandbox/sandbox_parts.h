/* sandbox_parts.h - what a sandbox is made of. Private to the room. */
#ifndef HOST_SANDBOX_SANDBOX_PARTS_H
#define HOST_SANDBOX_SANDBOX_PARTS_H

#include <beacon/sandbox.h>

#include "sandbox/places.h"
#include "sandbox/sandbox.h"
#include "sandbox/span_list.h"

struct cover_set;
struct net_session;
struct plan;
struct sandbox_backend;
struct supervisor;

struct sandbox {
    enum sandbox_mode mode;
    bool has_network;
    char *cwd;
    char *home; /* CODE_HOME without links; NULL: none */
    int cwd_fd; /* O_PATH; -1 when it could not be opened, which only full access tolerates */
    struct sandbox_backend *backend;
    struct supervisor *supervisor; /* of its commands; NULL: none has asked yet */
    char *passed_over;             /* why no stronger one was taken; NULL: this is the strongest */
    uint32_t admin_require;        /* part of policy.require */
    char *admin_where;
    struct places places;
    struct cover_set *covers;
    struct span_list unix_allow;
    struct net_session *network;    /* NULL: it is no allow-list */
    bool is_known_to_mount, mounts; /* does the backend bind what covers the missing names? */
    struct beacon_path_rule *rules; /* one for each place */
    const struct beacon_path_rule **rule_list; /* pointers to them, as the ABI wants */
    struct beacon_sandbox_policy policy;       /* the same for every command */
};

/* POLICY: of what the admin requires, `missing` cannot be had. `who` is "danger-full-access", …. */
int sandbox_refuse_admin(const char *admin_where, const char *who, uint32_t missing,
                         struct beacon_error *err);

/* Let the backend plan `command` and hold the plan against what the mode requires. On success *ret_cookie
 * is to be released. */
int sandbox_prepare(struct sandbox *sandbox, const struct sandbox_command *command,
                    struct plan *plan, void **ret_cookie, struct beacon_error *err);

#endif
