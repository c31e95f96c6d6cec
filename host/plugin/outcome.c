/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/outcome.h"

#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "plugin/breadcrumb.h"
#include "plugin/loader.h"

void outcome_init(struct beacon_error *theirs)
{
    theirs->struct_size = (uint32_t)sizeof *theirs;
    theirs->code = BEACON_OK;
    theirs->os_errno = 0;
    theirs->flags = 0;
    theirs->message[0] = '\0';
    theirs->hint[0] = '\0';
}

beacon_rc outcome_code(beacon_rc code)
{
    return code <= BEACON_OK && code >= BEACON_E_POLICY ? code : BEACON_E_INTERNAL;
}

int outcome_of(const struct plugin *plugin, const char *slot, beacon_rc rc,
               struct beacon_error *theirs, struct beacon_error *err)
{
    if (rc >= BEACON_OK) {
        return BEACON_OK;
    }
    theirs->message[sizeof theirs->message - 1] = '\0';
    theirs->hint[sizeof theirs->hint - 1] = '\0';
    const char *hint =
        theirs->hint[0] != '\0' ? theirs->hint : "set BEACON_LOG=debug to see more, then try again";
    if (theirs->message[0] == '\0') {
        return error_set_errno(err, outcome_code(rc), theirs->os_errno, hint,
                               "plugin %s failed in %s() with code %d and gave no reason",
                               plugin_id(plugin), slot, rc);
    }
    return error_set_errno(err, outcome_code(rc), theirs->os_errno, hint, "%s", theirs->message);
}

bool outcome_is_span(const void *p, size_t n)
{
    return p != NULL || n == 0;
}

int outcome_create(const struct plugin *plugin, outcome_create_fn create, const char *config_json,
                   void **ret, struct beacon_error *err)
{
    const char *config = config_json != NULL ? config_json : "{}";
    const struct beacon_str span = {.p = config, .n = strlen(config)};
    struct beacon_error theirs;
    void *inst = NULL;
    outcome_init(&theirs);
    const struct breadcrumb before = breadcrumb_enter(plugin_id(plugin), "create");
    beacon_rc rc = create(plugin_state(plugin), plugin_host(plugin), span, &inst, &theirs);
    breadcrumb_leave(before);
    int ours = outcome_of(plugin, "create", rc, &theirs, err);
    if (ours == BEACON_OK) {
        *ret = inst;
    }
    return ours;
}
