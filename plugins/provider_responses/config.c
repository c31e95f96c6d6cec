/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <beacon-sdk/endpoint_quirks.h>
#include <beacon-sdk/endpoint_request.h>

const char responses_config_schema[] =
    "{\"type\":\"object\",\"required\":[\"base_url\"],\"properties\":{" BEACON_ENDPOINT_PROPERTIES
    ",\"quirks\":{\"type\":\"object\",\"properties\":{"
    "\"reasoning_summary\":{\"type\":\"boolean\"},\"encrypted_reasoning\":{\"type\":\"boolean\"},"
    "\"developer_instructions\":{\"type\":\"boolean\"},"
    "\"web_search\":{\"enum\":[\"\",\"cached\",\"live\"]}}}}}";

const char *const responses_own_fields[] = {
    "model",
    "instructions",
    "input",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "store",
    "stream",
    "text",
    "prompt_cache_key",
    "max_output_tokens",
    "include",
    "temperature",
    /* A conversation kept by the server: not what was built and counted here. */
    "previous_response_id",
    "conversation",
    NULL,
};

static const char *const web_searches[] = {"", "cached", "live", NULL};

static const struct beacon_quirk quirks[] = {
    {.key = "reasoning_summary",
     .offset = offsetof(struct responses_quirks, reasoning_summary),
     .kind = BEACON_QUIRK_BOOL},
    {.key = "encrypted_reasoning",
     .offset = offsetof(struct responses_quirks, encrypted_reasoning),
     .kind = BEACON_QUIRK_BOOL},
    {.key = "developer_instructions",
     .offset = offsetof(struct responses_quirks, developer_instructions),
     .kind = BEACON_QUIRK_BOOL},
    {.key = "web_search",
     .offset = offsetof(struct responses_quirks, web_search),
     .kind = BEACON_QUIRK_CHOICE,
     .choices = web_searches},
};

static bool mentions_azure(struct beacon_str s)
{
    for (size_t i = 0; i + 5 <= s.n; i++) {
        if (beacon_span_is_nocase(beacon_span(s.p + i, 5), "azure")) {
            return true;
        }
    }
    return false;
}

static beacon_rc read_rest(struct responses_config *config, struct beacon_error *err)
{
    struct beacon_endpoint *endpoint = &config->endpoint;
    config->quirks.reasoning_summary = config->quirks.encrypted_reasoning = true;
    beacon_rc rc = beacon_endpoint_quirks(endpoint, quirks, sizeof quirks / sizeof quirks[0],
                                          &config->quirks, err);
    rc = rc == BEACON_OK ? beacon_endpoint_check_extra(endpoint, responses_own_fields, err) : rc;
    beacon_json_out_init(&config->url, BEACON_ENDPOINT_URL_MAX);
    return rc == BEACON_OK
               ? beacon_endpoint_url(endpoint, BEACON_STR("responses"), &config->url, err)
               : rc;
}

beacon_rc responses_config_parse(struct beacon_str json, struct responses_config *ret,
                                 struct beacon_error *err)
{
    memset(ret, 0, sizeof *ret);
    beacon_rc rc = beacon_endpoint_parse(json, &ret->endpoint, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct beacon_endpoint *endpoint = &ret->endpoint;
    endpoint->is_azure =
        endpoint->is_azure || mentions_azure(endpoint->base_url) || mentions_azure(endpoint->name);
    rc = read_rest(ret, err);
    if (rc != BEACON_OK) {
        responses_config_finish(ret);
    }
    return rc;
}

void responses_config_finish(struct responses_config *config)
{
    beacon_endpoint_finish(&config->endpoint);
    beacon_json_out_finish(&config->url);
}
