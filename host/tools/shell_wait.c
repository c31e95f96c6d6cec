/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/shell_wait.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "loop/loop.h"
#include "tools/command.h"
#include "tools/output_limit.h"
#include "tools/tool.h"

struct waiting {
    struct shell_wait wait;
    struct loop_timer *timer;
    uint64_t since_ns;
};

/* What was left out can be read there; the file lives as long as the session. */
static void render_output(const struct shell_wait *wait, struct text *out)
{
    struct output_limit *fresh = command_fresh_output(wait->command);
    uint64_t missing = 0;
    const bool is_cut = output_limit_tokens(fresh) > wait->max_tokens;
    const char *file = is_cut ? command_spilled(wait->command, &missing) : NULL;
    output_limit_render(fresh, wait->max_tokens, out);
    if (file != NULL && missing == 0) {
        (void)text_addf(out, "\n\n[Full output saved to: %s]", file);
    } else if (file != NULL) {
        (void)text_addf(out, "\n\n[Output but its last %" PRIu64 " bytes saved to: %s]", missing,
                        file);
    }
}

static void render_chunk(const struct shell_wait *wait, uint64_t since_ns, struct text *out)
{
    struct output_limit *fresh = command_fresh_output(wait->command);
    uint32_t chunk = random_number();
    double seconds = (double)(clock_mono_ns() - since_ns) / 1e9;
    (void)text_addf(out, "Chunk ID: %06x\nWall time: %.4f seconds\n", chunk & 0xFFFFFFu, seconds);
    if (command_has_exited(wait->command)) {
        (void)text_addf(out, "Process exited with code %d\n", command_exit_code(wait->command));
    } else {
        (void)text_addf(out, "Process running with session ID %u\n", command_id(wait->command));
    }
    (void)text_addf(out, "Original token count: %" PRIu64 "\nOutput:\n",
                    output_limit_tokens(fresh));
    render_output(wait, out);
    output_limit_reset(fresh);
}

static void render_json(const struct shell_wait *wait, struct text *out)
{
    AUTO_TEXT struct text output;
    text_init(&output, out->max_bytes);
    render_output(wait, &output);
    double seconds = (double)command_age_ns(wait->command) / 1e9;
    AUTO_JSON struct json_object *quoted =
        json_object_new_string_len(text_string(&output), (int)output.len);
    (void)text_addf(out,
                    "{\"output\":%s,\"metadata\":{\"exit_code\":%d,\"duration_seconds\":%.1f}}",
                    json_object_to_json_string_ext(quoted, JSON_C_TO_STRING_PLAIN |
                                                               JSON_C_TO_STRING_NOSLASHESCAPE),
                    command_exit_code(wait->command), seconds);
}

static void add_note(const struct shell_wait *wait, const char *note, struct text *out)
{
    if (note[0] != '\0' && !wait->wants_json) {
        (void)text_addf(out, "\n[%s]", note);
    }
}

void shell_wait_answer(const struct shell_wait *wait, uint64_t since_ns, const char *note)
{
    AUTO_TEXT struct text out;
    text_init(&out, (size_t)OUTPUT_TOKENS_MAX * 4 * 6 + 4096);
    if (wait->wants_json) {
        render_json(wait, &out);
    } else {
        render_chunk(wait, since_ns, &out);
    }
    add_note(wait, command_diagnosis(wait->command), &out);
    add_note(wait, note, &out);
    command_on_exit(wait->command, NULL, NULL);
    const bool has_exited = command_has_exited(wait->command);
    const bool has_failed = has_exited && command_exit_code(wait->command) != 0;
    if (has_exited) {
        command_release(wait->command);
    }
    struct tool_run *run = wait->run;
    if (wait->forget != NULL) {
        wait->forget(wait->ctx); /* `wait` may be a part of it */
    }
    (has_failed ? tool_answer_failure : tool_answer_text)(run, text_string(&out), out.len);
}

/* The wait is over: what it was for is the caller's. */
static struct shell_wait end(struct waiting *waiting)
{
    struct shell_wait wait = waiting->wait;
    loop_timer_close(waiting->timer);
    wait.run->state = NULL;
    wait.run->cancel = NULL;
    free(waiting);
    return wait;
}

static void on_yield(void *ctx)
{
    struct waiting *waiting = ctx;
    const uint64_t since_ns = waiting->since_ns;
    const struct shell_wait wait = end(waiting);
    shell_wait_answer(&wait, since_ns, "");
}

static void on_exit_seen(void *ctx, struct command *command)
{
    struct waiting *waiting = ctx;
    const uint64_t since_ns = waiting->since_ns;
    const struct shell_wait wait = end(waiting);
    if (wait.takes_over == NULL || !wait.takes_over(wait.ctx, command)) {
        shell_wait_answer(&wait, since_ns, "");
    }
}

static void cancel(struct tool_run *run)
{
    const struct shell_wait wait = end(run->state);
    command_kill(wait.command);
    command_release(wait.command);
    if (wait.forget != NULL) {
        wait.forget(wait.ctx);
    }
    tool_answerf(run, "aborted");
}

void shell_wait_begin(const struct shell_wait *wait)
{
    struct waiting *waiting = alloc_zeroed(sizeof *waiting);
    waiting->wait = *wait;
    waiting->since_ns = clock_mono_ns();
    wait->run->state = waiting;
    wait->run->cancel = cancel;
    if (command_has_exited(wait->command)) {
        on_exit_seen(waiting, wait->command);
        return;
    }
    command_on_exit(wait->command, on_exit_seen, waiting);
    if (wait->yield_ms > 0) {
        waiting->timer = loop_timer_create(wait->run->context->loop, on_yield, waiting);
        loop_timer_start(waiting->timer, wait->yield_ms);
    }
}
