/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_network.h"

#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "cli/wire.h"
#include "config/layers.h"
#include "event/event.h"
#include "event/fanout.h"
#include "sandbox/sandbox.h"

static void warn_refused(void *ctx, const char *host, uint16_t port, const char *reason)
{
    struct wire *wire = ctx;
    AUTO_FREE char *sentence =
        alloc_printf("The sandbox refused a connection to %s:%u: %s", host, (unsigned)port, reason);
    struct event event = {.kind = EVENT_WARNING, .turn_id = wire->tools.turn_id};
    event.as.message.text = sentence;
    if (event.turn_id == NULL) {
        event.turn_id = "";
    }
    fanout_emit(wire->events, &event);
}

void wire_network_equip(struct wire *wire, struct sandbox_settings *settings)
{
    settings->loop = wire->loop;
    settings->on_refused_host = warn_refused;
    settings->on_refused_host_ctx = wire;
}

static void add_list(struct json_object *policy, const char *key, const char *const *list, size_t n)
{
    struct json_object *array = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        (void)json_object_array_add(array, json_object_new_string(list[i]));
    }
    (void)json_object_object_add(policy, key, array);
}

char *wire_network_policy_json(const struct config *config, const struct sandbox_settings *settings)
{
    AUTO_JSON struct json_object *policy = json_object_new_object();
    (void)json_object_object_add(policy, "type",
                                 json_object_new_string(config_string(config, "sandbox_mode")));
    if (settings->mode == SANDBOX_WORKSPACE_WRITE) {
        bool is_on = settings->network == SANDBOX_NETWORK_ON;
        (void)json_object_object_add(policy, "network_access", json_object_new_boolean(is_on));
    }
    if (settings->mode == SANDBOX_WORKSPACE_WRITE &&
        settings->network == SANDBOX_NETWORK_ALLOW_LIST) {
        add_list(policy, "network_allow", settings->network_allow, settings->n_network_allow);
        add_list(policy, "network_deny", settings->network_deny, settings->n_network_deny);
    }
    return alloc_string(json_object_to_json_string_ext(policy, JSON_C_TO_STRING_PLAIN |
                                                                   JSON_C_TO_STRING_NOSLASHESCAPE));
}

const char **wire_network_hosts(const struct config *config, size_t *ret_n)
{
    const char *mode = config_string(config, "sandbox_mode");
    const char *network = config_string(config, "sandbox_workspace_write.network_access");
    bool has_list = strcmp(mode, "workspace-write") == 0 && network != NULL &&
                    strcmp(network, "allow-list") == 0;
    struct json_object *list =
        has_list ? config_node(config, "sandbox_workspace_write.network_allow") : NULL;
    size_t n = list != NULL ? json_object_array_length(list) : 0;
    const char **hosts = alloc_array(n + 1, sizeof *hosts);
    for (size_t i = 0; i < n; i++) {
        hosts[i] = json_object_get_string(json_object_array_get_idx(list, i));
    }
    *ret_n = n;
    return hosts;
}
