/* messages_frames.h - frames of an answer of the Messages API as literals. */
#ifndef TESTS_PLUGINS_PROVIDER_MESSAGES_MESSAGES_FRAMES_H
#define TESTS_PLUGINS_PROVIDER_MESSAGES_MESSAGES_FRAMES_H

#define STARTED(usage)                                                                             \
    "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-x\",\"usage\":"  \
    "{" usage "}}}"
#define BLOCK(index, object)                                                                       \
    "{\"type\":\"content_block_start\",\"index\":" #index ",\"content_block\":" object "}"
#define GROWS(index, object)                                                                       \
    "{\"type\":\"content_block_delta\",\"index\":" #index ",\"delta\":" object "}"
#define CLOSED(index) "{\"type\":\"content_block_stop\",\"index\":" #index "}"
#define ENDS(reason, usage)                                                                        \
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" reason "\"},\"usage\":{" usage "}" \
    "}"
#define OVER       "{\"type\":\"message_stop\"}"
#define TEXT_BLOCK "{\"type\":\"text\",\"text\":\"\"}"
#define CALL_BLOCK(id, name)                                                                       \
    "{\"type\":\"tool_use\",\"id\":\"" id "\",\"name\":\"" name "\",\"input\":{}}"
#define TEXT_DELTA(text) "{\"type\":\"text_delta\",\"text\":\"" text "\"}"
#define JSON_DELTA(json) "{\"type\":\"input_json_delta\",\"partial_json\":\"" json "\"}"

#endif
