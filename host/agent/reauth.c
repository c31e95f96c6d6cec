/* SPDX-License-Identifier: Apache-2.0
 * reauth.c - the server refused the credentials: once, newer ones are fetched and it is asked again.
 */
#include <stdlib.h>

#include "agent/agent_state.h"
#include "agent/stream.h"
#include "base/alloc.h"
#include "base/auto.h"
#include "credentials/attach.h"

static void on_renewed(void *ctx, const struct beacon_error *err)
{
    struct agent *agent = ctx;
    AUTO_FREE char *rejection = take_pointer(agent->rejection);
    if (err == NULL) {
        turn_run(agent, TURN_PREPARE);
        return;
    }
    /* What the server said tells more than that there is nothing newer; what to do, the plugin knows. */
    turn_give_up(agent, &(struct stream_outcome){.verdict = BEACON_VERDICT_FATAL,
                                                 .after_ms = -1,
                                                 .code = BEACON_E_AUTH,
                                                 .message = rejection,
                                                 .hint = err->hint});
    turn_run(agent, TURN_DONE);
}

bool reauth_begin(struct agent *agent, const struct stream_outcome *outcome)
{
    if (outcome->verdict != BEACON_VERDICT_REAUTH || agent->has_reauthed ||
        !credentials_renew(agent->parts.credentials, on_renewed, agent)) {
        return false;
    }
    agent->has_reauthed = true;
    agent->rejection = alloc_string(outcome->message);
    return true;
}

bool reauth_cancel(struct agent *agent)
{
    if (agent->rejection == NULL) {
        return false;
    }
    free(take_pointer(agent->rejection));
    credentials_forget_renewal(agent->parts.credentials);
    return true;
}
