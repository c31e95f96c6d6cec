/* config.h - what the configuration says about one Chat Completions endpoint.
 *
 * Parsed once by create(); read by request.c, messages.c and the readers of the stream; owned by the
 * instance. Servers of this wire differ more than those of any other; how is data, `quirks`.
 * Thread: [worker], then read-only.
 */
#ifndef PROVIDER_CHAT_CONFIG_H
#define PROVIDER_CHAT_CONFIG_H

#include <beacon-sdk/endpoint_quirks.h>

enum chat_max_tokens { CHAT_MAX_TOKENS, CHAT_MAX_COMPLETION_TOKENS, CHAT_MAX_NOT_SENT };
enum chat_echo { CHAT_ECHO_NEVER, CHAT_ECHO_AFTER_USER, CHAT_ECHO_ALWAYS };
enum chat_effort { CHAT_EFFORT_NOT_SENT, CHAT_EFFORT_FLAT, CHAT_EFFORT_NESTED, CHAT_EFFORT_THINK };
enum chat_usage_wish { CHAT_USAGE_STREAM_OPTIONS, CHAT_USAGE_ALWAYS, CHAT_USAGE_NONE };
enum chat_call_ids { CHAT_CALL_IDS_ANY, CHAT_CALL_IDS_ALNUM9 };
enum chat_empty { CHAT_EMPTY_NULL, CHAT_EMPTY_OMIT, CHAT_EMPTY_STRING };

/* One field per quirk, named like it. README.md says what each means. */
struct chat_quirks {
    uint32_t system_role; /* index into chat_system_roles */
    uint32_t max_tokens_name, reasoning_echo, effort_name, usage, tool_call_id, empty_content;
    uint32_t reasoning_in; /* index into chat_reasoning_names */
    struct beacon_quirk_list reasoning_out;
    int64_t num_ctx; /* 0: not sent */
    bool parallel_calls, tool_result_name, strict_tools, cache_key, merge_user, user_after_tool;
};

extern const char *const chat_system_roles[];
extern const char *const chat_reasoning_names[]; /* the first is "": not echoed */

struct chat_config {
    struct beacon_endpoint endpoint;
    struct chat_quirks quirks;
    struct beacon_json_out url; /* where every request goes */
};

extern const char chat_config_schema[]; /* JSON Schema, for the component table */

/* Members of a request body that `extra` may not have; the last one is NULL. */
extern const char *const chat_own_fields[];

/* Fill *ret (zeroed) from the instance's JSON object; "" means {}. BEACON_E_INVALID names the key
 * that is wrong; then *ret holds nothing to free. Free with chat_config_finish(). */
beacon_rc chat_config_parse(struct beacon_str json, struct chat_config *ret,
                            struct beacon_error *err);
void chat_config_finish(struct chat_config *config);

#endif
