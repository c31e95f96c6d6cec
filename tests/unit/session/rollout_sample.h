/* rollout_sample.h - the lines of a rollout as tests write them. */
#ifndef TESTS_UNIT_SESSION_ROLLOUT_SAMPLE_H
#define TESTS_UNIT_SESSION_ROLLOUT_SAMPLE_H

#define SAMPLE_ID   "0199a213-81c0-7800-8aa1-bbab2a035a53"
#define SAMPLE_TIME "2025-01-02T03:04:05.678Z"

#define LINE(type, payload)                                                                        \
    "{\"timestamp\":\"" SAMPLE_TIME "\",\"type\":\"" type "\",\"payload\":" payload "}\n"
#define ITEM(item)   LINE("response_item", item)
#define EVENT(event) LINE("event_msg", event)

#define META_OF(id, source, cwd)                                                                   \
    LINE("session_meta", "{\"id\":\"" id "\",\"timestamp\":\"" SAMPLE_TIME "\",\"cwd\":\"" cwd     \
                         "\",\"originator\":\"code_exec\",\"cli_version\":\"0.1.0\","              \
                         "\"instructions\":null,\"source\":\"" source                              \
                         "\",\"model_provider\":\"mock\",\"base_instructions\":{\"text\":\"Be "    \
                         "\\u0067ood.\"}}")
#define META META_OF(SAMPLE_ID, "exec", "/w")

#define SAID(text)                                                                                 \
    ITEM("{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\","          \
         "\"text\":\"" text "\"}]}")
#define ANSWERED(text)                                                                             \
    ITEM("{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","    \
         "\"text\":\"" text "\"}]}")
#define CALLED(id)                                                                                 \
    ITEM("{\"type\":\"function_call\",\"call_id\":\"" id                                           \
         "\",\"name\":\"exec_command\",\"arguments\":\"{}\"}")
#define RETURNED(id)                                                                               \
    ITEM("{\"type\":\"function_call_output\",\"call_id\":\"" id "\",\"output\":\"done\"}")
#define TOKENS(total, last)                                                                        \
    EVENT("{\"type\":\"token_count\",\"info\":{\"total_token_usage\":{\"input_tokens\":" total     \
          ",\"cached_input_tokens\":20,\"output_tokens\":30,\"reasoning_output_tokens\":10,"       \
          "\"total_tokens\":1},\"last_token_usage\":{\"input_tokens\":" last                       \
          "}},\"rate_limits\":null}")
#define PROMPTED EVENT("{\"type\":\"user_message\",\"message\":\"x\"}")

#endif
