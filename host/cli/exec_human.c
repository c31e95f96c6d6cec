/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exec_human.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "cli/countdown.h"
#include "cli/printable.h"
#include "cli/spent.h"
#include "event/event.h"

#define OUTPUT_LINES_SHOWN 40 /* of a command; the model sees what its own budget allows */

struct exec_human {
    struct exec_human_settings settings;
    struct countdown *countdown; /* NULL: standard error is no terminal */
};

struct exec_human *exec_human_create(const struct exec_human_settings *settings)
{
    static char line[1024]; /* a line of several pieces is one write, which nothing can part */
    (void)setvbuf(stderr, line, _IOLBF, sizeof line);
    struct exec_human *human = alloc_zeroed(sizeof *human);
    human->settings = *settings;
    return human;
}

void exec_human_destroy(struct exec_human *human)
{
    if (human != NULL) {
        countdown_destroy(human->countdown);
        free(human);
    }
}

void exec_human_count_on(struct exec_human *human, struct loop *loop)
{
    countdown_destroy(take_pointer(human->countdown));
    if (loop != NULL && isatty(STDERR_FILENO)) {
        human->countdown = countdown_create(loop);
    }
}

enum style { PLAIN, DIM, BOLD, RED, GREEN, MAGENTA, CYAN };

static void styled_bytes(const struct exec_human *human, enum style style, const char *p, size_t n)
{
    static const char *const codes[] = {
        [PLAIN] = "0",  [DIM] = "2",      [BOLD] = "1", [RED] = "31",
        [GREEN] = "32", [MAGENTA] = "35", [CYAN] = "36"};
    bool has_style = human->settings.has_color && style != PLAIN;
    if (has_style) {
        (void)fprintf(stderr, "\x1b[%sm", codes[style]);
    }
    printable_write(stderr, p, n);
    if (has_style) {
        (void)fputs("\x1b[0m", stderr);
    }
}

static void styled(const struct exec_human *human, enum style style, const char *text)
{
    styled_bytes(human, style, text, strlen(text));
}

static void heading(const struct exec_human *human, enum style style, const char *text)
{
    styled(human, style, text);
    (void)fputc('\n', stderr);
}

/* Text ends on exactly one newline, whatever it came with. */
static void paragraph(const char *text)
{
    size_t n = strlen(text);
    printable_write(stderr, text, n);
    if (n == 0 || text[n - 1] != '\n') {
        (void)fputc('\n', stderr);
    }
}

static void field(const struct exec_human *human, const char *name, const char *value)
{
    char label[64];
    (void)snprintf(label, sizeof label, "%s:", name);
    styled(human, BOLD, label);
    printable_print(stderr, " %s\n", value != NULL && value[0] != '\0' ? value : "none");
}

static void session_started(struct exec_human *human, const struct event *event)
{
    const struct event_session *session = &event->as.session;
    char sandbox[128];
    const bool is_none = strcmp(session->sandbox_backend, "none") == 0;
    (void)snprintf(sandbox, sizeof sandbox, "%s (%s%s)", session->sandbox, session->sandbox_backend,
                   is_none ? " — nothing is restricted" : "");
    printable_print(stderr, "Beacon v%s\n--------\n", session->version);
    field(human, "workdir", session->cwd);
    field(human, "model", session->model);
    field(human, "provider", session->provider);
    field(human, "approval", session->approval);
    field(human, "sandbox", sandbox);
    field(human, "reasoning effort", session->effort);
    field(human, "reasoning summaries", session->summary);
    if (session->is_safe_mode) {
        field(human, "plugins", "bundled ones only (safe mode)");
    }
    field(human, "session id", session->thread_id);
    (void)fputs("--------\n", stderr);
}

static void warning(struct exec_human *human, const struct event *event)
{
    styled(human, MAGENTA, "warning:");
    printable_print(stderr, " %s\n", event->as.message.text);
}

static void turn_started(struct exec_human *human, const struct event *event)
{
    heading(human, CYAN, "user");
    paragraph(event->as.message.text);
}

static void agent_message(struct exec_human *human, const struct event *event)
{
    heading(human, MAGENTA, "beacon");
    paragraph(event->as.message.text);
}

static void reasoning(struct exec_human *human, const struct event *event)
{
    if (!human->settings.hides_reasoning) {
        styled(human, DIM, event->as.message.text);
        (void)fputc('\n', stderr);
    }
}

static void command_started(struct exec_human *human, const struct event *event)
{
    heading(human, MAGENTA, "exec");
    styled(human, BOLD, event->as.command.command);
    printable_print(stderr, " in %s\n", event->as.command.cwd);
}

static void show_output(const struct exec_human *human, const char *text, size_t n)
{
    size_t lines = 0, at = 0;
    while (at < n && lines < OUTPUT_LINES_SHOWN) {
        const char *newline = memchr(text + at, '\n', n - at);
        at = newline != NULL ? (size_t)(newline - text) + 1 : n;
        lines++;
    }
    if (at > 0) {
        styled_bytes(human, DIM, text, text[at - 1] == '\n' ? at - 1 : at);
        (void)fputc('\n', stderr);
    }
    size_t left = 0;
    for (size_t i = at; i < n; i++) {
        left += text[i] == '\n' || i == n - 1 ? 1 : 0;
    }
    if (left > 0) {
        printable_print(stderr, "… %zu more lines\n", left);
    }
}

static void command_finished(struct exec_human *human, const struct event *event)
{
    const struct event_command *command = &event->as.command;
    char line[96];
    if (command->status == EVENT_DECLINED) {
        command_started(human, event); /* there was no event of that */
        heading(human, RED, " declined");
        return;
    }
    if (command->exit_code == 0) {
        (void)snprintf(line, sizeof line, " succeeded in %" PRIu64 "ms:", command->duration_ms);
    } else {
        (void)snprintf(line, sizeof line, " exited %d in %" PRIu64 "ms:", command->exit_code,
                       command->duration_ms);
    }
    heading(human, command->exit_code == 0 ? GREEN : RED, line);
    show_output(human, command->output, command->output_bytes);
}

static void patch_started(struct exec_human *human, const struct event *event)
{
    (void)event;
    heading(human, MAGENTA, "apply patch");
}

static void show_diff(const struct exec_human *human, const char *diff)
{
    for (const char *p = diff; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        bool is_header = strncmp(p, "+++", 3) == 0 || strncmp(p, "---", 3) == 0;
        enum style style = is_header   ? BOLD
                           : *p == '+' ? GREEN
                           : *p == '-' ? RED
                           : *p == '@' ? CYAN
                                       : PLAIN;
        styled_bytes(human, style, p, n);
        (void)fputc('\n', stderr);
        p += n + (p[n] == '\n' ? 1 : 0);
    }
}

static void patch_finished(struct exec_human *human, const struct event *event)
{
    const struct event_patch *patch = &event->as.patch;
    bool is_good = patch->status == EVENT_COMPLETED;
    heading(human, is_good ? GREEN : RED, is_good ? "patch: completed" : "patch: failed");
    for (size_t i = 0; i < patch->n_changes; i++) {
        printable_print(stderr, "%s\n", patch->changes[i].path);
    }
    if (!is_good) {
        paragraph(patch->message);
    }
    show_diff(human, patch->diff);
}

static void plan_updated(struct exec_human *human, const struct event *event)
{
    const struct event_plan *plan = &event->as.plan;
    heading(human, MAGENTA, "plan");
    if (plan->explanation[0] != '\0') {
        paragraph(plan->explanation);
    }
    for (size_t i = 0; i < plan->n_steps; i++) {
        const char *status = plan->steps[i].status;
        const char *mark = strcmp(status, "completed") == 0     ? "✓"
                           : strcmp(status, "in_progress") == 0 ? "→"
                                                                : "•";
        printable_print(stderr, "  %s %s\n", mark, plan->steps[i].text);
    }
}

static void retry(struct exec_human *human, const struct event *event)
{
    const struct event_retry *retry = &event->as.retry;
    styled(human, RED, "ERROR:");
    printable_print(stderr, " Reconnecting... %u/%u (%s)", retry->attempt, retry->max_attempts,
                    retry->reason);
    if (retry->delay_ms >= 1000) {
        printable_print(stderr, " in %.1f s", (double)retry->delay_ms / 1000.0);
    }
    (void)fputc('\n', stderr);
    if (retry->delay_ms >= 1000 && human->countdown != NULL) {
        countdown_start(human->countdown, retry->delay_ms);
    }
}

static void fallback(struct exec_human *human, const struct event *event)
{
    const struct event_fallback *change = &event->as.fallback;
    styled(human, MAGENTA, "warning:");
    printable_print(stderr, " Falling back from %s (%s) to %s (%s): %s\n", change->from_model,
                    change->from_provider, change->to_model, change->to_provider, change->reason);
}

/* 1234567 as "1,234,567". */
static void print_tokens(int64_t tokens)
{
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%" PRId64, tokens);
    for (int i = 0; i < n; i++) {
        (void)fputc(digits[i], stderr);
        if ((n - 1 - i) % 3 == 0 && i < n - 1) {
            (void)fputc(',', stderr);
        }
    }
}

static void print_cost(const struct exec_human *human, const struct event_spending *spending)
{
    AUTO_TEXT struct text cost;
    text_init(&cost, 256);
    spent_add_turn(&cost, spending);
    if (cost.len > 0) {
        heading(human, DIM, "cost");
        printable_print(stderr, "%s\n", text_string(&cost));
    }
}

static void turn_completed(struct exec_human *human, const struct event *event)
{
    const struct event_usage *total = &event->as.usage.total;
    const struct event_spending *spending = event->as.usage.spending;
    if (total->input > 0 || total->output > 0) {
        heading(human, DIM, "tokens used");
        print_tokens((total->input > 0 ? total->input : 0) +
                     (total->output > 0 ? total->output : 0));
        (void)fputs(spending != NULL && spending->total.is_estimated ? " (estimated)\n" : "\n",
                    stderr);
        print_cost(human, spending);
    }
}

static void turn_failed(struct exec_human *human, const struct event *event)
{
    styled(human, RED, "ERROR:");
    printable_print(stderr, " %s\n", event->as.message.text);
    if (event->as.message.hint != NULL) {
        printable_print(stderr, "       %s\n", event->as.message.hint);
    }
}

static void compacted(struct exec_human *human, const struct event *event)
{
    const struct event_compaction *compaction = &event->as.compaction;
    char line[128];
    (void)snprintf(line, sizeof line, " of about %" PRId64 " tokens to about %" PRId64 "\n",
                   compaction->tokens_before, compaction->tokens_after);
    styled(human, MAGENTA, "compacted");
    printable_print(stderr, "%s", line);
}

static void (*const printers[])(struct exec_human *, const struct event *) = {
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

void exec_human_sink(void *ctx, const struct event *event)
{
    const struct exec_human *human = ctx;
    countdown_stop(human->countdown);
    if ((size_t)event->kind < sizeof printers / sizeof printers[0] &&
        printers[event->kind] != NULL) {
        printers[event->kind](ctx, event);
    }
}
