/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "agent/agent_state.h"
#include "agent/dispatch.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/text.h"
#include "plugin/provider.h"
#include "session/history.h"
#include "session/item.h"
#include "session/journal.h"
#include "session/recorder.h"
#include "session/user_message.h"
#include "tools/tool.h"

static struct beacon_str str(const char *p)
{
    return (struct beacon_str){p, strlen(p)};
}

/* On disk first: what the history holds may be acted on. The journal has one line for an item, so the
 * history has, too: after a resume the provider is sent the same bytes. A raw line break in JSON can
 * only stand between tokens. */
static int keep(struct agent *agent, struct text *item, struct beacon_error *err)
{
    for (char *p = item->data; p != NULL && p < item->data + item->len; p++) {
        if (*p == '\n' || *p == '\r') {
            *p = ' ';
        }
    }
    int rc = recorder_item(agent->parts.recorder, text_string(item), item->len, err);
    return rc == BEACON_OK ? history_append(agent->parts.history, text_string(item), item->len, err)
                           : rc;
}

static struct beacon_part part_of(uint32_t type, struct beacon_str words)
{
    return (struct beacon_part){
        .struct_size = (uint32_t)sizeof(struct beacon_part), .type = type, .text = words};
}

int conversation_add_user(struct agent *agent, const struct agent_prompt *prompt,
                          struct beacon_error *err)
{
    size_t n = prompt->n_images * 3 + 1;
    AUTO_FREE struct beacon_part *parts = alloc_array(n, sizeof *parts);
    AUTO_FREE const struct beacon_part **list = alloc_array(n, sizeof(struct beacon_part *));
    AUTO_FREE char **labels = alloc_array(prompt->n_images, sizeof *labels);
    size_t made = 0;
    for (size_t i = 0; i < prompt->n_images; i++) {
        labels[i] =
            alloc_printf("<image name=[Image #%zu] path=\"%s\">", i + 1, prompt->images[i].name);
        parts[made++] = part_of(BEACON_PART_TEXT, str(labels[i]));
        parts[made] = part_of(BEACON_PART_BLOB, (struct beacon_str){0});
        parts[made++].url = str(prompt->images[i].data_url);
        parts[made++] = part_of(BEACON_PART_TEXT, str("</image>"));
    }
    parts[made++] = part_of(BEACON_PART_TEXT, str(prompt->text));
    for (size_t i = 0; i < made; i++) {
        list[i] = &parts[i];
    }
    AUTO_TEXT struct text item;
    text_init(&item, JOURNAL_RECORD_MAX);
    int rc = item_from_message(BEACON_ROLE_USER, list, made, &item, err);
    for (size_t i = 0; i < prompt->n_images; i++) {
        free(labels[i]);
    }
    return rc == BEACON_OK ? keep(agent, &item, err) : rc;
}

bool conversation_has_words(const struct agent *agent)
{
    const struct history *history = agent->parts.history;
    struct arena *arena = arena_create();
    bool has_words = false;
    for (size_t i = 0; i < history_count(history) && !has_words; i++) {
        struct item_view view;
        struct beacon_error unused = {.struct_size = sizeof unused};
        has_words = item_decode(history_item(history, i), arena, &view, &unused) == BEACON_OK &&
                    (user_message_is_person(&view) || user_message_is_summary(&view));
    }
    arena_destroy(arena);
    return has_words;
}

int conversation_add_part(struct agent *agent, const struct beacon_part *part,
                          struct beacon_error *err)
{
    AUTO_TEXT struct text item;
    text_init(&item, JOURNAL_RECORD_MAX);
    int rc = item_from_part(BEACON_ROLE_ASSISTANT, part, provider_opaque_ns(agent->parts.provider),
                            &item, err);
    return rc == BEACON_OK ? keep(agent, &item, err) : rc;
}

int conversation_add_answer(struct agent *agent, const struct dispatch_call *call,
                            const struct tool_answer *answer, struct beacon_error *err)
{
    struct beacon_part result =
        part_of(BEACON_PART_TOOL_RESULT, (struct beacon_str){answer->text, answer->n});
    result.call_id = str(call->call_id);
    result.flags = call->is_freeform ? BEACON_PART_FREEFORM : 0;
    struct beacon_part image = part_of(BEACON_PART_BLOB, (struct beacon_str){0});
    const struct beacon_part *images[1] = {&image};
    size_t n_images = 0;
    if (answer->image_url != NULL) {
        image.url = str(answer->image_url);
        image.call_id = result.call_id;
        n_images = 1;
    }
    AUTO_TEXT struct text item;
    text_init(&item, JOURNAL_RECORD_MAX);
    int rc = item_from_result(&result, images, n_images, &item, err);
    return rc == BEACON_OK ? keep(agent, &item, err) : rc;
}
