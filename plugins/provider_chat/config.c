/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <beacon-sdk/endpoint_request.h>

#define NUM_CTX_MAX 1000000000

const char chat_config_schema[] =
    "{\"type\":\"object\",\"required\":[\"base_url\"],\"properties\":{" BEACON_ENDPOINT_PROPERTIES
    ",\"quirks\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"system_role\":{\"enum\":[\"system\",\"developer\",\"user\"]},"
    "\"max_tokens_name\":{\"enum\":[\"max_tokens\",\"max_completion_tokens\",\"\"]},"
    "\"reasoning_out\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"reasoning_in\":{\"enum\":[\"\",\"reasoning\",\"reasoning_content\"]},"
    "\"reasoning_echo\":{\"enum\":[\"never\",\"after_user\",\"always\"]},"
    "\"effort_name\":{\"enum\":[\"\",\"reasoning_effort\",\"reasoning.effort\",\"think\"]},"
    "\"usage\":{\"enum\":[\"stream_options\",\"always\",\"none\"]},"
    "\"tool_call_id\":{\"enum\":[\"any\",\"alnum9\"]},"
    "\"empty_content\":{\"enum\":[\"null\",\"omit\",\"string\"]},"
    "\"num_ctx\":{\"type\":\"integer\",\"minimum\":1},"
    "\"parallel_calls\":{\"type\":\"boolean\"},\"tool_result_name\":{\"type\":\"boolean\"},"
    "\"strict_tools\":{\"type\":\"boolean\"},\"cache_key\":{\"type\":\"boolean\"},"
    "\"merge_user\":{\"type\":\"boolean\"},\"user_after_tool\":{\"type\":\"boolean\"}}}}}";

const char *const chat_system_roles[] = {"system", "developer", "user", NULL};
const char *const chat_reasoning_names[] = {"", "reasoning", "reasoning_content", NULL};

static const char *const max_tokens_names[] = {"max_tokens", "max_completion_tokens", "", NULL};
static const char *const echoes[] = {"never", "after_user", "always", NULL};
static const char *const efforts[] = {"", "reasoning_effort", "reasoning.effort", "think", NULL};
static const char *const usages[] = {"stream_options", "always", "none", NULL};
static const char *const call_ids[] = {"any", "alnum9", NULL};
static const char *const empties[] = {"null", "omit", "string", NULL};

const char *const chat_own_fields[] = {
    "model",          "messages",    "stream",          "tools", "tool_choice",
    "stream_options", "temperature", "response_format", NULL,
};

#define CHOICE(name, list)                                                                         \
    {                                                                                              \
        .key = #name, .offset = offsetof(struct chat_quirks, name), .kind = BEACON_QUIRK_CHOICE,   \
        .choices = (list)                                                                          \
    }
#define FLAG(name)                                                                                 \
    {                                                                                              \
        .key = #name, .offset = offsetof(struct chat_quirks, name), .kind = BEACON_QUIRK_BOOL      \
    }
static const struct beacon_quirk rows[] = {
    CHOICE(system_role, chat_system_roles),
    CHOICE(max_tokens_name, max_tokens_names),
    {.key = "reasoning_out",
     .offset = offsetof(struct chat_quirks, reasoning_out),
     .kind = BEACON_QUIRK_LIST},
    CHOICE(reasoning_in, chat_reasoning_names),
    CHOICE(reasoning_echo, echoes),
    CHOICE(effort_name, efforts),
    CHOICE(usage, usages),
    CHOICE(tool_call_id, call_ids),
    CHOICE(empty_content, empties),
    {.key = "num_ctx",
     .offset = offsetof(struct chat_quirks, num_ctx),
     .kind = BEACON_QUIRK_INT,
     .least = 1,
     .most = NUM_CTX_MAX},
    FLAG(parallel_calls),
    FLAG(tool_result_name),
    FLAG(strict_tools),
    FLAG(cache_key),
    FLAG(merge_user),
    FLAG(user_after_tool),
};
#undef CHOICE
#undef FLAG

static void set_defaults(struct chat_quirks *quirks)
{
    quirks->reasoning_in = 1;
    quirks->reasoning_echo = CHAT_ECHO_ALWAYS;
    quirks->reasoning_out.at[0] = BEACON_STR("reasoning");
    quirks->reasoning_out.at[1] = BEACON_STR("reasoning_content");
    quirks->reasoning_out.n = 2;
    quirks->parallel_calls = quirks->user_after_tool = true;
}

static beacon_rc read_rest(struct chat_config *config, struct beacon_error *err)
{
    struct beacon_endpoint *endpoint = &config->endpoint;
    set_defaults(&config->quirks);
    beacon_rc rc =
        beacon_endpoint_quirks(endpoint, rows, sizeof rows / sizeof rows[0], &config->quirks, err);
    rc = rc == BEACON_OK ? beacon_endpoint_check_extra(endpoint, chat_own_fields, err) : rc;
    beacon_json_out_init(&config->url, BEACON_ENDPOINT_URL_MAX);
    return rc == BEACON_OK
               ? beacon_endpoint_url(endpoint, BEACON_STR("chat/completions"), &config->url, err)
               : rc;
}

beacon_rc chat_config_parse(struct beacon_str json, struct chat_config *ret,
                            struct beacon_error *err)
{
    memset(ret, 0, sizeof *ret);
    beacon_rc rc = beacon_endpoint_parse(json, &ret->endpoint, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    rc = read_rest(ret, err);
    if (rc != BEACON_OK) {
        chat_config_finish(ret);
    }
    return rc;
}

void chat_config_finish(struct chat_config *config)
{
    beacon_endpoint_finish(&config->endpoint);
    beacon_json_out_finish(&config->url);
}
