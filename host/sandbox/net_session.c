/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/net_session.h"

#include <beacon/sandbox.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "sandbox/net_allow.h"
#include "sandbox/net_proxy.h"
#include "sandbox/sandbox.h"
#include "sandbox/span_list.h"

#define TEXT_OF(x)  TEXT_OF_(x)
#define TEXT_OF_(x) #x
#define AT_PROXY    "127.0.0.1:" TEXT_OF(NET_PROXY_PORT)

struct net_session {
    struct net_allow *lists;
    struct net_proxy *proxy;  /* NULL: no loop */
    struct span_list entries; /* of the allow-list, for the policy */
};

/* Names of both cases, because curl and others read only one of them. Programs that know none reach
 * nothing, and are told nothing. */
static const char *const variables[][2] = {
    {"HTTP_PROXY", "http://" AT_PROXY},
    {"http_proxy", "http://" AT_PROXY},
    {"HTTPS_PROXY", "http://" AT_PROXY},
    {"https_proxy", "http://" AT_PROXY},
    {"ALL_PROXY", "http://" AT_PROXY}, /* SOCKS is served too, but httpx ends when it is told so */
    {"all_proxy", "http://" AT_PROXY},
    {"NO_PROXY", "localhost,127.0.0.1,::1"},
    {"no_proxy", "localhost,127.0.0.1,::1"},
    {"NODE_USE_ENV_PROXY", "1"}, /* node looks at the others only when told */
};

int net_session_create(const struct sandbox_settings *settings, struct net_session **ret,
                       struct beacon_error *err)
{
    struct net_allow *lists = NULL;
    if (settings->mode == SANDBOX_DANGER_FULL_ACCESS ||
        settings->network != SANDBOX_NETWORK_ALLOW_LIST) {
        return BEACON_OK;
    }
    if (settings->has_no_loopback) {
        return error_set(err, BEACON_E_INVALID,
                         "remove sandbox_workspace_write.loopback, or set network_access = false",
                         "loopback = false cannot be had with network_access = \"allow-list\": "
                         "commands reach the allowed hosts through their loopback");
    }
    int rc = net_allow_create(settings->network_allow, settings->n_network_allow,
                              settings->network_deny, settings->n_network_deny, &lists, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct net_session *session = alloc_zeroed(sizeof *session);
    const struct net_proxy_options options = {
        .loop = settings->loop,
        .lists = lists,
        .on_refused = settings->on_refused_host,
        .ctx = settings->on_refused_host_ctx,
    };
    session->lists = lists;
    session->proxy = settings->loop != NULL ? net_proxy_create(&options) : NULL;
    for (size_t i = 0; i < settings->n_network_allow; i++) {
        span_list_add(&session->entries, settings->network_allow[i]);
    }
    *ret = session;
    return BEACON_OK;
}

void net_session_destroy(struct net_session *session)
{
    if (session == NULL) {
        return;
    }
    net_proxy_destroy(session->proxy);
    net_allow_destroy(session->lists);
    span_list_finish(&session->entries);
    free(session);
}

void net_session_fill(const struct net_session *session, struct beacon_sandbox_policy *policy)
{
    if (session != NULL) {
        policy->net = BEACON_NET_ALLOW_LIST;
        policy->proxy_port = NET_PROXY_PORT;
        policy->net_allow = session->entries.spans;
        policy->n_net_allow = session->entries.n;
    }
}

void net_session_mark(const struct net_session *session, const struct beacon_plan *plan)
{
    for (size_t i = 0; session != NULL && i < sizeof variables / sizeof variables[0]; i++) {
        const char *name = variables[i][0], *value = variables[i][1];
        (void)plan->env_set(plan, (struct beacon_str){name, strlen(name)},
                            (struct beacon_str){value, strlen(value)});
    }
}

int net_session_check(const struct net_session *session, struct beacon_error *err)
{
    if (session == NULL || session->proxy != NULL) {
        return BEACON_OK;
    }
    return error_set(err, BEACON_E_REFUSED, "run it in a session, or with the network off",
                     "nobody is there to let the command through to the allowed hosts");
}

struct net_door *net_session_open(struct net_session *session, int listen_fd)
{
    if (session != NULL && session->proxy != NULL && listen_fd >= 0) {
        return net_door_open(session->proxy, listen_fd);
    }
    if (listen_fd >= 0) {
        (void)close(listen_fd);
    }
    return NULL;
}
