/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <beacon-sdk/endpoint_quirks.h>
#include <beacon-sdk/endpoint_request.h>

#define MAX_TOKENS_DEFAULT 32000
#define MAX_TOKENS_MOST    10000000

const char messages_config_schema[] =
    "{\"type\":\"object\",\"required\":[\"base_url\"],\"properties\":{" BEACON_ENDPOINT_PROPERTIES
    ",\"quirks\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"thinking\":{\"enum\":[\"budget\",\"adaptive\",\"none\"]},"
    "\"thinking_display\":{\"enum\":[\"\",\"summarized\",\"omitted\"]},"
    "\"cache_control\":{\"type\":\"boolean\"},"
    "\"version\":{\"type\":\"string\"},\"beta\":{\"type\":\"string\"},"
    "\"max_tokens_default\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":10000000}}}}}";

const char *const messages_display_names[] = {"", "summarized", "omitted", NULL};

const char *const messages_own_members[] = {
    "model",    "max_tokens",    "stream", "tools",    "tool_choice", "temperature",
    "thinking", "output_config", "system", "messages", NULL,
};

static const char *const forms[] = {"budget", "adaptive", "none", NULL};

static const struct beacon_quirk quirks[] = {
    {"thinking", offsetof(struct messages_config, thinking), BEACON_QUIRK_CHOICE, forms, 0, 0},
    {"thinking_display", offsetof(struct messages_config, thinking_display), BEACON_QUIRK_CHOICE,
     messages_display_names, 0, 0},
    {"cache_control", offsetof(struct messages_config, cache_control), BEACON_QUIRK_BOOL, NULL, 0,
     0},
    {"version", offsetof(struct messages_config, version), BEACON_QUIRK_TEXT, NULL, 0, 0},
    {"beta", offsetof(struct messages_config, beta), BEACON_QUIRK_TEXT, NULL, 0, 0},
    {"max_tokens_default", offsetof(struct messages_config, max_tokens_default), BEACON_QUIRK_INT,
     NULL, 1, MAX_TOKENS_MOST},
};

static bool ends_with(struct beacon_str s, const char *end)
{
    const size_t n = strlen(end);
    return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

/* People write the base of this API with and without its version, and some the whole address. */
static struct beacon_str path_behind(struct beacon_str base_url)
{
    struct beacon_str base = beacon_url_path(base_url);
    while (base.n > 0 && base.p[base.n - 1] == '/') {
        base.n--;
    }
    if (ends_with(base, "/v1/messages")) {
        return BEACON_STR("");
    }
    return ends_with(base, "/v1") ? BEACON_STR("messages") : BEACON_STR("v1/messages");
}

static beacon_rc check(struct messages_config *config, struct beacon_error *err)
{
    if (config->version.n == 0 || !beacon_is_header_value(config->version)) {
        return beacon_endpoint_refuse(err, "quirks.version", "a date such as 2023-06-01");
    }
    if (!beacon_is_header_value(config->beta)) {
        return beacon_endpoint_refuse(err, "quirks.beta", "one line of text");
    }
    beacon_json_out_init(&config->url, BEACON_ENDPOINT_URL_MAX);
    return beacon_endpoint_url(&config->endpoint, path_behind(config->endpoint.base_url),
                               &config->url, err);
}

beacon_rc messages_config_parse(struct beacon_str json, struct messages_config *ret,
                                struct beacon_error *err)
{
    memset(ret, 0, sizeof *ret);
    beacon_rc rc = beacon_endpoint_parse(json, &ret->endpoint, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    ret->cache_control = true;
    ret->version = BEACON_STR("2023-06-01");
    ret->max_tokens_default = MAX_TOKENS_DEFAULT;
    rc = beacon_endpoint_quirks(&ret->endpoint, quirks, sizeof quirks / sizeof quirks[0], ret, err);
    rc = rc == BEACON_OK ? beacon_endpoint_check_extra(&ret->endpoint, messages_own_members, err)
                         : rc;
    rc = rc == BEACON_OK ? check(ret, err) : rc;
    if (rc != BEACON_OK) {
        messages_config_finish(ret);
    }
    return rc;
}

void messages_config_finish(struct messages_config *config)
{
    beacon_json_out_finish(&config->url);
    beacon_endpoint_finish(&config->endpoint);
    memset(config, 0, sizeof *config);
}
