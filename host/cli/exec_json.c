/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exec_json.h"

#include <beacon-sdk/json_write.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crash.h"
#include "base/io.h"
#include "cli/spent.h"
#include "event/event.h"

/* An item that has started and not completed, so that its end carries the same number. */
struct open_item {
    struct open_item *next;
    char *call_id;
    unsigned number;
};

struct exec_json {
    int fd;
    exec_json_line_fn fn; /* instead of fd; or NULL */
    void *fn_ctx;
    int write_errno; /* 0 = every line is out */
    unsigned n_items;
    struct open_item *open;
    struct beacon_json_out out;
    bool has_plan; /* the to-do list is one item for the whole turn */
    unsigned plan_number;
    char *plan_items; /* JSON array of the list as it stands */
};

struct exec_json *exec_json_create(int fd)
{
    struct exec_json *json = alloc_zeroed(sizeof *json);
    json->fd = fd;
    beacon_json_out_init(&json->out, INT_MAX);
    return json;
}

struct exec_json *exec_json_create_to(exec_json_line_fn fn, void *ctx)
{
    struct exec_json *json = exec_json_create(-1);
    json->fn = fn;
    json->fn_ctx = ctx;
    return json;
}

void exec_json_destroy(struct exec_json *json)
{
    if (json == NULL) {
        return;
    }
    while (json->open != NULL) {
        struct open_item *next = json->open->next;
        free(json->open->call_id);
        free(json->open);
        json->open = next;
    }
    beacon_json_out_finish(&json->out);
    free(json->plan_items);
    free(json);
}

int exec_json_errno(const struct exec_json *json)
{
    return json->write_errno;
}

static void put(struct exec_json *json, const char *key, const char *value)
{
    beacon_json_put_member(&json->out, key, beacon_text(value));
}

static void put_null(struct exec_json *json, const char *key)
{
    beacon_json_key(&json->out, key);
    beacon_json_put_null(&json->out);
}

static void put_int(struct exec_json *json, const char *key, int64_t value)
{
    beacon_json_key(&json->out, key);
    beacon_json_put_int(&json->out, value);
}

static void begin(struct exec_json *json, const char *type)
{
    beacon_json_out_reset(&json->out);
    beacon_json_begin_object(&json->out);
    put(json, "type", type);
}

static void end(struct exec_json *json)
{
    beacon_json_end_object(&json->out);
    beacon_json_out_bytes(&json->out, "\n", 1);
    struct beacon_str line = beacon_json_out_text(&json->out);
    if (json->fn != NULL) {
        json->fn(json->fn_ctx, line.p, line.n - 1);
        return;
    }
    if (json->write_errno != 0) {
        return;
    }
    crash_hold(); /* a plugin's fault on another thread must not tear the line */
    if (!io_write_all(json->fd, line.p, line.n)) {
        json->write_errno = errno;
    }
    crash_release();
}

static void begin_item(struct exec_json *json, const char *event, unsigned number, const char *type)
{
    char id[32];
    (void)snprintf(id, sizeof id, "item_%u", number);
    begin(json, event);
    beacon_json_key(&json->out, "item");
    beacon_json_begin_object(&json->out);
    put(json, "id", id);
    put(json, "type", type);
}

static void end_item(struct exec_json *json)
{
    beacon_json_end_object(&json->out);
    end(json);
}

static unsigned open_number(struct exec_json *json, const char *call_id)
{
    struct open_item *item = alloc_zeroed(sizeof *item);
    item->call_id = alloc_string(call_id);
    item->number = json->n_items++;
    item->next = json->open;
    json->open = item;
    return item->number;
}

static unsigned close_number(struct exec_json *json, const char *call_id)
{
    for (struct open_item **at = &json->open; *at != NULL; at = &(*at)->next) {
        if (strcmp((*at)->call_id, call_id) == 0) {
            struct open_item *item = *at;
            unsigned number = item->number;
            *at = item->next;
            free(item->call_id);
            free(item);
            return number;
        }
    }
    return json->n_items++;
}

static const char *status_name(enum event_status status)
{
    static const char *const names[] = {[EVENT_IN_PROGRESS] = "in_progress",
                                        [EVENT_COMPLETED] = "completed",
                                        [EVENT_FAILED] = "failed",
                                        [EVENT_DECLINED] = "declined"};
    return names[status];
}

/* ---- one function per kind of event ---- */

static void session_started(struct exec_json *json, const struct event *event)
{
    begin(json, "thread.started");
    put(json, "thread_id", event->as.session.thread_id);
    end(json);
}

static void turn_started(struct exec_json *json, const struct event *event)
{
    (void)event;
    begin(json, "turn.started");
    end(json);
}

static void message_item(struct exec_json *json, const char *type, const char *key,
                         const char *text)
{
    begin_item(json, "item.completed", json->n_items++, type);
    put(json, key, text);
    end_item(json);
}

static void warning(struct exec_json *json, const struct event *event)
{
    message_item(json, "error", "message", event->as.message.text);
}

static void agent_message(struct exec_json *json, const struct event *event)
{
    message_item(json, "agent_message", "text", event->as.message.text);
}

static void reasoning(struct exec_json *json, const struct event *event)
{
    message_item(json, "reasoning", "text", event->as.message.text);
}

static void command_started(struct exec_json *json, const struct event *event)
{
    const struct event_command *command = &event->as.command;
    begin_item(json, "item.started", open_number(json, command->call_id), "command_execution");
    put(json, "command", command->command);
    put(json, "aggregated_output", "");
    put_null(json, "exit_code");
    put(json, "status", status_name(EVENT_IN_PROGRESS));
    end_item(json);
}

static void command_finished(struct exec_json *json, const struct event *event)
{
    const struct event_command *command = &event->as.command;
    begin_item(json, "item.completed", close_number(json, command->call_id), "command_execution");
    put(json, "command", command->command);
    beacon_json_put_member(&json->out, "aggregated_output",
                           (struct beacon_str){command->output, command->output_bytes});
    if (command->status == EVENT_DECLINED) {
        put_null(json, "exit_code");
    } else {
        put_int(json, "exit_code", command->exit_code);
    }
    put(json, "status", status_name(command->status));
    end_item(json);
}

static void patch_item(struct exec_json *json, const char *name, unsigned number,
                       const struct event_patch *patch)
{
    begin_item(json, name, number, "file_change");
    beacon_json_key(&json->out, "changes");
    beacon_json_begin_array(&json->out);
    for (size_t i = 0; i < patch->n_changes; i++) {
        beacon_json_begin_object(&json->out);
        put(json, "path", patch->changes[i].path);
        put(json, "kind", patch->changes[i].kind);
        beacon_json_end_object(&json->out);
    }
    beacon_json_end_array(&json->out);
    put(json, "status", status_name(patch->status));
    end_item(json);
}

static void patch_started(struct exec_json *json, const struct event *event)
{
    const struct event_patch *patch = &event->as.patch;
    patch_item(json, "item.started", open_number(json, patch->call_id), patch);
}

static void patch_finished(struct exec_json *json, const struct event *event)
{
    const struct event_patch *patch = &event->as.patch;
    patch_item(json, "item.completed", close_number(json, patch->call_id), patch);
}

static void plan_item(struct exec_json *json, const char *name)
{
    begin_item(json, name, json->plan_number, "todo_list");
    beacon_json_key(&json->out, "items");
    beacon_json_put_raw(&json->out, beacon_text(json->plan_items));
    end_item(json);
}

static char *plan_text(const struct event_plan *plan)
{
    struct beacon_json_out out;
    beacon_json_out_init(&out, INT_MAX);
    beacon_json_begin_array(&out);
    for (size_t i = 0; i < plan->n_steps; i++) {
        beacon_json_begin_object(&out);
        beacon_json_put_member(&out, "text", beacon_text(plan->steps[i].text));
        beacon_json_key(&out, "completed");
        beacon_json_put_bool(&out, strcmp(plan->steps[i].status, "completed") == 0);
        beacon_json_end_object(&out);
    }
    beacon_json_end_array(&out);
    struct beacon_str text = beacon_json_out_text(&out);
    char *copy = alloc_string_n(text.p, text.n);
    beacon_json_out_finish(&out);
    return copy;
}

static void plan_updated(struct exec_json *json, const struct event *event)
{
    free(json->plan_items);
    json->plan_items = plan_text(&event->as.plan);
    if (!json->has_plan) {
        json->plan_number = json->n_items++;
    }
    plan_item(json, json->has_plan ? "item.updated" : "item.started");
    json->has_plan = true;
}

static void finish_plan(struct exec_json *json)
{
    if (json->has_plan) {
        plan_item(json, "item.completed");
        json->has_plan = false;
    }
}

static void error_line(struct exec_json *json, const char *message)
{
    begin(json, "error");
    put(json, "message", message);
    end(json);
}

static void retry(struct exec_json *json, const struct event *event)
{
    const struct event_retry *retry = &event->as.retry;
    char *message = alloc_printf("Reconnecting... %u/%u (%s)", retry->attempt, retry->max_attempts,
                                 retry->reason);
    error_line(json, message);
    free(message);
}

static void fallback(struct exec_json *json, const struct event *event)
{
    const struct event_fallback *change = &event->as.fallback;
    char *message =
        alloc_printf("Falling back from %s (%s) to %s (%s): %s", change->from_model,
                     change->from_provider, change->to_model, change->to_provider, change->reason);
    message_item(json, "error", "message", message);
    free(message);
}

static int64_t known(int64_t tokens)
{
    return tokens > 0 ? tokens : 0;
}

static void turn_completed(struct exec_json *json, const struct event *event)
{
    const struct event_usage *total = &event->as.usage.total;
    const struct event_spending *spending = event->as.usage.spending;
    finish_plan(json);
    begin(json, "turn.completed");
    beacon_json_key(&json->out, "usage");
    beacon_json_begin_object(&json->out);
    put_int(json, "input_tokens", known(total->input));
    put_int(json, "cached_input_tokens", known(total->cached_input));
    put_int(json, "cache_write_input_tokens", known(total->cache_write));
    put_int(json, "output_tokens", known(total->output));
    put_int(json, "reasoning_output_tokens", known(total->reasoning));
    if (spending != NULL && spending->total.is_estimated) {
        beacon_json_key(&json->out, "estimated");
        beacon_json_put_bool(&json->out, true);
    }
    beacon_json_end_object(&json->out);
    spent_put_json(&json->out, spending);
    end(json);
}

static void turn_failed(struct exec_json *json, const struct event *event)
{
    finish_plan(json);
    error_line(json, event->as.message.text);
    begin(json, "turn.failed");
    beacon_json_key(&json->out, "error");
    beacon_json_begin_object(&json->out);
    put(json, "message", event->as.message.text);
    beacon_json_end_object(&json->out);
    end(json);
}

static void put_count(struct exec_json *json, const char *key, int64_t count)
{
    beacon_json_key(&json->out, key);
    beacon_json_put_int(&json->out, count);
}

static void compacted(struct exec_json *json, const struct event *event)
{
    const struct event_compaction *compaction = &event->as.compaction;
    begin_item(json, "item.completed", json->n_items++, "context_compaction");
    put(json, "reason", compaction->reason);
    put_count(json, "tokens_before", compaction->tokens_before);
    put_count(json, "tokens_after", compaction->tokens_after);
    put(json, "summary", compaction->summary);
    end_item(json);
}

static void (*const writers[])(struct exec_json *, const struct event *) = {
    [EVENT_SESSION_STARTED] = session_started,
    [EVENT_WARNING] = warning,
    [EVENT_TURN_STARTED] = turn_started,
    [EVENT_AGENT_MESSAGE] = agent_message,
    [EVENT_REASONING] = reasoning,
    [EVENT_COMMAND_STARTED] = command_started,
    [EVENT_COMMAND_FINISHED] = command_finished,
    [EVENT_PATCH_STARTED] = patch_started,
    [EVENT_PATCH_FINISHED] = patch_finished,
    [EVENT_PLAN_UPDATED] = plan_updated,
    [EVENT_COMPACTED] = compacted,
    [EVENT_RETRY] = retry,
    [EVENT_MODEL_FALLBACK] = fallback,
    [EVENT_TURN_COMPLETED] = turn_completed,
    [EVENT_TURN_FAILED] = turn_failed,
};

void exec_json_sink(void *ctx, const struct event *event)
{
    if ((size_t)event->kind < sizeof writers / sizeof writers[0] && writers[event->kind] != NULL) {
        writers[event->kind](ctx, event);
    }
}
