/* SPDX-License-Identifier: Apache-2.0 */
#include "messages.h"

#include <beacon-sdk/json_string.h>
#include <beacon-sdk/sized.h>

#include "call_id.h"
#include "config.h"
#include "history.h"
#include "tools.h"

#define DATA_PREFIX_BYTES 160u

/* The array on its way out. */
struct writer {
    struct beacon_json_out *out;
    bool is_after_result; /* the message before was a tool's */
};

bool chat_group_has(const struct chat_group *group, uint32_t type)
{
    for (size_t i = group->from; i < group->end; i++) {
        struct beacon_part part;
        BEACON_COPY_IN(part, group->history->at[i].part);
        if (part.type == type && (part.text.n > 0 || type == BEACON_PART_BLOB)) {
            return true;
        }
    }
    return false;
}

void chat_put_joined(struct beacon_json_out *out, const struct chat_group *group, uint32_t type)
{
    size_t last = SIZE_MAX;
    beacon_json_begin_string(out);
    for (size_t i = group->from; i < group->end; i++) {
        const struct chat_entry *entry = &group->history->at[i];
        struct beacon_part part;
        BEACON_COPY_IN(part, entry->part);
        if (part.type != type || part.text.n == 0) {
            continue;
        }
        const bool is_apart = entry->kind != CHAT_ANSWER || last != entry->message;
        if (last != SIZE_MAX && is_apart) {
            beacon_json_out_escaped(out, BEACON_STR("\n\n"));
        }
        beacon_json_out_escaped(out, part.text);
        last = entry->message;
    }
    beacon_json_end_string(out);
}

/* ---- pictures and files ---- */

/* The bytes of a blob as a data: URL, or the URL it came with. */
static void put_url(struct beacon_json_out *out, const struct beacon_part *part)
{
    if (part->url.n > 0) {
        beacon_json_put_str(out, part->url);
        return;
    }
    char prefix[DATA_PREFIX_BYTES];
    const struct beacon_str type = beacon_utf8_cut(part->media_type, 100);
    int n = snprintf(prefix, sizeof prefix, "data:%.*s;base64,", type.n > 0 ? (int)type.n : 9,
                     type.n > 0 ? type.p : "image/png");
    beacon_json_put_base64(out, beacon_span(prefix, (size_t)n), part->blob);
}

static void put_file(struct beacon_json_out *out, const struct beacon_part *part)
{
    beacon_json_put_member(out, "type", BEACON_STR("file"));
    beacon_json_key(out, "file");
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "filename",
                           part->name.n > 0 ? part->name : BEACON_STR("attachment"));
    beacon_json_key(out, "file_data");
    put_url(out, part);
    beacon_json_end_object(out);
}

static void put_picture(struct beacon_json_out *out, const struct beacon_part *part)
{
    beacon_json_put_member(out, "type", BEACON_STR("image_url"));
    beacon_json_key(out, "image_url");
    beacon_json_begin_object(out);
    beacon_json_key(out, "url");
    put_url(out, part);
    beacon_json_end_object(out);
}

static void put_text_content(struct beacon_json_out *out, struct beacon_str text)
{
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "type", BEACON_STR("text"));
    beacon_json_put_member(out, "text", text);
    beacon_json_end_object(out);
}

static void put_blob_content(struct beacon_json_out *out, const struct beacon_part *part)
{
    const bool is_picture =
        part->media_type.n == 0 || beacon_span_starts(part->media_type, "image/");
    beacon_json_begin_object(out);
    if (is_picture) {
        put_picture(out, part);
    } else {
        put_file(out, part);
    }
    beacon_json_end_object(out);
}

/* ---- messages of people and of the program ---- */

static void put_contents(struct beacon_json_out *out, const struct chat_group *group)
{
    beacon_json_begin_array(out);
    for (size_t i = group->from; i < group->end; i++) {
        struct beacon_part part;
        BEACON_COPY_IN(part, group->history->at[i].part);
        if (part.type == BEACON_PART_BLOB) {
            put_blob_content(out, &part);
        } else if (part.text.n > 0) {
            put_text_content(out, part.text);
        }
    }
    beacon_json_end_array(out);
}

/* Some servers want an answer between a result and what a person says next. */
static void begin_user(struct writer *w, const struct chat_config *config)
{
    if (w->is_after_result && !config->quirks.user_after_tool) {
        beacon_json_begin_object(w->out);
        beacon_json_put_member(w->out, "role", BEACON_STR("assistant"));
        beacon_json_put_member(w->out, "content", BEACON_STR("Done."));
        beacon_json_end_object(w->out);
    }
    w->is_after_result = false;
    beacon_json_begin_object(w->out);
}

static void put_words(struct writer *w, const struct chat_group *group, const char *role)
{
    beacon_json_put_member(w->out, "role", beacon_text(role));
    beacon_json_key(w->out, "content");
    if (chat_group_has(group, BEACON_PART_BLOB)) {
        put_contents(w->out, group);
    } else {
        chat_put_joined(w->out, group, BEACON_PART_TEXT);
    }
    beacon_json_end_object(w->out);
}

static void put_system(struct writer *w, const struct chat_group *group)
{
    beacon_json_begin_object(w->out);
    put_words(w, group, chat_system_roles[group->config->quirks.system_role]);
}

static void put_user(struct writer *w, const struct chat_group *group)
{
    begin_user(w, group->config);
    put_words(w, group, "user");
}

static void put_answer(struct writer *w, const struct chat_group *group)
{
    w->is_after_result = false;
    chat_put_answer(w->out, group);
}

/* ---- results ---- */

static void put_result(struct beacon_json_out *out, const struct chat_group *group, size_t at,
                       const struct beacon_part *part)
{
    struct beacon_part call;
    const struct chat_quirks *quirks = &group->config->quirks;
    beacon_json_begin_object(out);
    beacon_json_put_member(out, "role", BEACON_STR("tool"));
    beacon_json_key(out, "tool_call_id");
    chat_put_call_id(out, part->call_id, quirks->tool_call_id == CHAT_CALL_IDS_ALNUM9);
    if (quirks->tool_result_name &&
        chat_history_find_call(group->history, at, part->call_id, &call)) {
        beacon_json_key(out, "name");
        chat_put_tool_name(out, call.ns, call.name);
    }
    beacon_json_put_member(out, "content", part->text);
    beacon_json_end_object(out);
}

/* Results hold text only, and nothing may stand between them: pictures follow in a message of their
 * own. */
static void put_pictures(struct writer *w, const struct chat_group *group)
{
    begin_user(w, group->config);
    beacon_json_put_member(w->out, "role", BEACON_STR("user"));
    beacon_json_key(w->out, "content");
    beacon_json_begin_array(w->out);
    put_text_content(w->out, BEACON_STR("What the tools returned:"));
    for (size_t i = group->from; i < group->end; i++) {
        struct beacon_part part;
        BEACON_COPY_IN(part, group->history->at[i].part);
        if (part.type == BEACON_PART_BLOB) {
            put_blob_content(w->out, &part);
        }
    }
    beacon_json_end_array(w->out);
    beacon_json_end_object(w->out);
}

static void put_results(struct writer *w, const struct chat_group *group)
{
    for (size_t i = group->from; i < group->end; i++) {
        struct beacon_part part;
        BEACON_COPY_IN(part, group->history->at[i].part);
        if (part.type == BEACON_PART_TOOL_RESULT) {
            put_result(w->out, group, i, &part);
            w->is_after_result = true;
        }
    }
    if (chat_group_has(group, BEACON_PART_BLOB)) {
        put_pictures(w, group);
    }
}

void chat_put_messages(struct beacon_json_out *out, const struct chat_config *config,
                       const struct chat_history *history)
{
    static void (*const kinds[])(struct writer * w, const struct chat_group *group) = {
        [CHAT_SYSTEM] = put_system,
        [CHAT_USER] = put_user,
        [CHAT_ANSWER] = put_answer,
        [CHAT_RESULT] = put_results,
    };
    struct writer w = {.out = out};
    beacon_json_begin_array(out);
    for (size_t i = 0; i < history->n;) {
        const size_t end = chat_history_group_end(history, i, config->quirks.merge_user);
        const struct chat_group group = {config, history, i, end};
        kinds[history->at[i].kind](&w, &group);
        i = end;
    }
    beacon_json_end_array(out);
}
