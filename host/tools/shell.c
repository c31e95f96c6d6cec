/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/shell.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/path.h"
#include "base/random.h"
#include "base/text.h"
#include "loop/loop.h"
#include "tools/command.h"
#include "tools/output_limit.h"
#include "tools/patch.h"
#include "tools/patch_command.h"
#include "tools/quote.h"
#include "tools/tool.h"

#define YIELD_DEFAULT_MS 10000
#define YIELD_MIN_MS     250
#define YIELD_MAX_MS     30000
#define POLL_MIN_MS      5000
#define POLL_MAX_MS      300000
#define TIMEOUT_FLOOR_MS 1800000 /* a model's own guess never cuts a build short */

/* One call that waits for a command: to exit, or to have run for long enough. */
struct waiting {
    struct tool_run *run;
    struct command *command;
    struct loop_timer *timer;
    uint64_t since_ns;
    uint32_t max_tokens;
    bool wants_json; /* the older tools answer with a JSON text */
};

static uint64_t clamp(int64_t value, uint64_t low, uint64_t high)
{
    uint64_t wanted = value < 0 ? 0 : (uint64_t)value;
    return wanted < low ? low : wanted > high ? high : wanted;
}

static void render_chunk(struct waiting *waiting, struct text *out)
{
    struct output_limit *fresh = command_fresh_output(waiting->command);
    uint32_t chunk = random_number();
    double seconds = (double)(clock_mono_ns() - waiting->since_ns) / 1e9;
    (void)text_addf(out, "Chunk ID: %06x\nWall time: %.4f seconds\n", chunk & 0xFFFFFFu, seconds);
    if (command_has_exited(waiting->command)) {
        (void)text_addf(out, "Process exited with code %d\n", command_exit_code(waiting->command));
    } else {
        (void)text_addf(out, "Process running with session ID %u\n", command_id(waiting->command));
    }
    (void)text_addf(out, "Original token count: %" PRIu64 "\nOutput:\n",
                    output_limit_tokens(fresh));
    output_limit_render(fresh, waiting->max_tokens, out);
    output_limit_reset(fresh);
}

static void render_json(struct waiting *waiting, struct text *out)
{
    AUTO_TEXT struct text output;
    text_init(&output, out->max_bytes);
    output_limit_render(command_fresh_output(waiting->command), waiting->max_tokens, &output);
    double seconds = (double)command_age_ns(waiting->command) / 1e9;
    AUTO_JSON struct json_object *quoted =
        json_object_new_string_len(text_string(&output), (int)output.len);
    (void)text_addf(out,
                    "{\"output\":%s,\"metadata\":{\"exit_code\":%d,\"duration_seconds\":%.1f}}",
                    json_object_to_json_string_ext(quoted, JSON_C_TO_STRING_PLAIN |
                                                               JSON_C_TO_STRING_NOSLASHESCAPE),
                    command_exit_code(waiting->command), seconds);
}

/* Answer with what there is; a command that goes on stays in the table for write_stdin. */
static void answer(struct waiting *waiting)
{
    AUTO_TEXT struct text out;
    text_init(&out, (size_t)OUTPUT_TOKENS_MAX * 4 * 6 + 4096);
    if (waiting->wants_json) {
        render_json(waiting, &out);
    } else {
        render_chunk(waiting, &out);
    }
    if (command_diagnosis(waiting->command)[0] != '\0' && !waiting->wants_json) {
        (void)text_addf(&out, "\n[%s]", command_diagnosis(waiting->command));
    }
    command_on_exit(waiting->command, NULL, NULL);
    const bool has_failed =
        command_has_exited(waiting->command) && command_exit_code(waiting->command) != 0;
    if (command_has_exited(waiting->command)) {
        command_release(waiting->command);
    }
    struct tool_run *run = waiting->run;
    loop_timer_close(waiting->timer);
    free(waiting);
    run->state = NULL;
    (has_failed ? tool_answer_failure : tool_answer_text)(run, text_string(&out), out.len);
}

static void on_exit_seen(void *ctx, struct command *command)
{
    (void)command;
    answer(ctx);
}

static void on_yield(void *ctx)
{
    answer(ctx);
}

static void wait_for(struct tool_run *run, struct command *command, uint64_t yield_ms,
                     uint32_t max_tokens)
{
    struct waiting *waiting = alloc_zeroed(sizeof *waiting);
    waiting->run = run;
    waiting->command = command;
    waiting->since_ns = clock_mono_ns();
    waiting->max_tokens = max_tokens;
    waiting->wants_json = yield_ms == 0;
    run->state = waiting;
    command_on_exit(command, on_exit_seen, waiting);
    if (yield_ms > 0) {
        waiting->timer = loop_timer_create(run->context->loop, on_yield, waiting);
        loop_timer_start(waiting->timer, yield_ms);
    }
}

static uint32_t token_budget(const struct tool_run *run, struct json_object *arguments)
{
    int64_t wanted = tool_number(arguments, "max_output_tokens", OUTPUT_TOKENS_DEFAULT);
    uint32_t most = run->context->max_output_tokens;
    return (uint32_t)clamp(wanted, 1, most < OUTPUT_TOKENS_MAX ? most : OUTPUT_TOKENS_MAX);
}

/* Returns true when the call was one for apply_patch and has been handed over. */
static bool is_patch(struct tool_run *run, const char *const *argv, const char *cwd)
{
    size_t n = 0;
    while (argv[n] != NULL) {
        n++;
    }
    struct patch_command found = {0};
    struct beacon_error err = {0};
    if (patch_command_recognise(argv, n, &found, &err) != BEACON_OK) {
        tool_answerf(run, "%s", err.message);
        return true;
    }
    if (!found.is_patch) {
        return false;
    }
    AUTO_FREE char *dir = path_normal(cwd, found.directory != NULL ? found.directory : ".");
    patch_run(run, found.patch, found.patch_bytes, dir);
    patch_command_finish(&found);
    return true; /* `run` may be gone */
}

static void start(struct tool_run *run, const struct command_request *request, uint64_t yield_ms,
                  uint32_t max_tokens)
{
    struct command *command = NULL;
    struct beacon_error err = {0};
    tool_decided(run, true);
    if (command_start(run->context, request, &command, &err) != BEACON_OK) {
        tool_answerf(run, "%s failed: %s (%s)", run->name, err.message, err.hint);
        return;
    }
    wait_for(run, command, yield_ms, max_tokens);
}

static bool may_escalate(struct tool_run *run, struct json_object *arguments)
{
    const char *wanted = json_string_of(arguments, "sandbox_permissions", "use_default");
    if (strcmp(wanted, "require_escalated") != 0 &&
        !json_bool_of(arguments, "with_escalated_permissions", false)) {
        return true;
    }
    tool_decided(run, false);
    tool_answerf(run, "approval policy is Never; reject command — you cannot ask for escalated "
                      "permissions if the approval policy is Never");
    return false;
}

/* The profile of a login shell sets PATH anew, so apply_patch is put back into it, by the first words of
 * the script: the numbers of its lines stay. Freed by the caller; NULL when there is nothing to do. */
static char *with_programs(const struct tool_run *run, const char *shell, const char *cmd)
{
    static const char *const shells[] = {"bash", "dash", "ksh", "sh", "zsh"};
    const char *dir[] = {run->context->program_dir, NULL};
    for (size_t i = 0; dir[0] != NULL && i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(path_base(shell), shells[i]) == 0) {
            AUTO_FREE char *quoted = quote_argv(dir);
            return alloc_printf("PATH=%s${PATH:+:$PATH}; %s", quoted, cmd);
        }
    }
    return NULL;
}

void shell_exec_command(struct tool_run *run)
{
    static const struct tool_field fields[] = {{"cmd", TOOL_STRING, true},
                                               {"workdir", TOOL_STRING, false},
                                               {"shell", TOOL_STRING, false},
                                               {"login", TOOL_BOOLEAN, false},
                                               {"tty", TOOL_BOOLEAN, false},
                                               {"yield_time_ms", TOOL_NUMBER, false},
                                               {"max_output_tokens", TOOL_NUMBER, false}};
    AUTO_JSON struct json_object *arguments =
        tool_arguments(run, fields, sizeof fields / sizeof fields[0]);
    if (arguments == NULL || !may_escalate(run, arguments)) {
        return;
    }
    const char *cmd = json_string_of(arguments, "cmd", "");
    const char *shell = json_string_of(arguments, "shell", run->context->shell);
    bool is_login = json_bool_of(arguments, "login", true);
    const char *const argv[] = {shell, is_login ? "-lc" : "-c", cmd, NULL};
    AUTO_FREE char *cwd = path_normal(run->context->cwd, json_string_of(arguments, "workdir", "."));
    if (is_patch(run, argv, cwd)) {
        return;
    }
    uint64_t yield_ms = clamp(tool_number(arguments, "yield_time_ms", YIELD_DEFAULT_MS),
                              YIELD_MIN_MS, YIELD_MAX_MS);
    AUTO_FREE char *script = is_login ? with_programs(run, shell, cmd) : NULL;
    const char *const executed[] = {shell, argv[1], script != NULL ? script : cmd, NULL};
    struct command_request request = {.argv = executed,
                                      .shown = argv,
                                      .cwd = cwd,
                                      .call_id = run->call_id,
                                      .has_terminal = json_bool_of(arguments, "tty", false)};
    start(run, &request, yield_ms, token_budget(run, arguments));
}

static bool type_into(struct tool_run *run, struct command *command, const char *chars)
{
    struct beacon_error err = {0};
    if (chars[0] == '\0' || command_has_exited(command) ||
        command_write(command, chars, strlen(chars), &err) == BEACON_OK) {
        return true;
    }
    tool_answerf(run, "write_stdin failed: %s; %s", err.message, err.hint);
    return false;
}

void shell_write_stdin(struct tool_run *run)
{
    static const struct tool_field fields[] = {{"session_id", TOOL_NUMBER, true},
                                               {"chars", TOOL_STRING, false},
                                               {"yield_time_ms", TOOL_NUMBER, false},
                                               {"max_output_tokens", TOOL_NUMBER, false}};
    AUTO_JSON struct json_object *arguments =
        tool_arguments(run, fields, sizeof fields / sizeof fields[0]);
    if (arguments == NULL) {
        return;
    }
    int64_t id = tool_number(arguments, "session_id", 0);
    struct command *command = command_find(run->context->commands, (uint32_t)id);
    if (command == NULL || id != (int64_t)command_id(command)) {
        tool_answerf(run, "write_stdin failed: Unknown process id %" PRId64, id);
        return;
    }
    const char *chars = json_string_of(arguments, "chars", "");
    if (!type_into(run, command, chars)) {
        return;
    }
    int64_t wanted = tool_number(arguments, "yield_time_ms", YIELD_MIN_MS);
    uint64_t yield_ms = chars[0] == '\0' ? clamp(wanted, POLL_MIN_MS, POLL_MAX_MS)
                                         : clamp(wanted, YIELD_MIN_MS, YIELD_MAX_MS);
    wait_for(run, command, yield_ms, token_budget(run, arguments));
    if (command_has_exited(command)) {
        answer(run->state);
    }
}

/* An argv for the older tools; NULL when the run has been answered because a word is none. The array
 * is the caller's to free, the words are borrowed. */
static const char **argv_of(struct tool_run *run, struct json_object *words)
{
    size_t n = json_object_array_length(words);
    AUTO_FREE const char **argv = alloc_array(n + 1, sizeof *argv);
    for (size_t i = 0; i < n; i++) {
        struct json_object *word = json_object_array_get_idx(words, i);
        if (!json_object_is_type(word, json_type_string) ||
            strlen(json_object_get_string(word)) != (size_t)json_object_get_string_len(word)) {
            tool_answerf(run, "failed to parse function arguments: field `command` must be an "
                              "array of strings");
            return NULL;
        }
        argv[i] = json_object_get_string(word);
    }
    if (n == 0) {
        tool_answerf(run, "failed to parse function arguments: field `command` is empty");
        return NULL;
    }
    return take_pointer(argv);
}

void shell_argv(struct tool_run *run)
{
    static const struct tool_field fields[] = {{"command", TOOL_ARRAY, true},
                                               {"workdir", TOOL_STRING, false},
                                               {"timeout", TOOL_NUMBER, false},
                                               {"timeout_ms", TOOL_NUMBER, false},
                                               {"working_directory", TOOL_STRING, false}};
    AUTO_JSON struct json_object *arguments =
        tool_arguments(run, fields, sizeof fields / sizeof fields[0]);
    if (arguments == NULL || !may_escalate(run, arguments)) {
        return;
    }
    AUTO_FREE const char **argv = argv_of(run, json_member(arguments, "command"));
    if (argv == NULL) {
        return;
    }
    const char *dir = json_string_of(arguments, "working_directory", ".");
    AUTO_FREE char *cwd = path_normal(run->context->cwd, json_string_of(arguments, "workdir", dir));
    if (is_patch(run, argv, cwd)) {
        return;
    }
    int64_t timeout = tool_number(arguments, "timeout_ms", tool_number(arguments, "timeout", 0));
    struct command_request request = {
        .argv = argv,
        .cwd = cwd,
        .call_id = run->call_id,
        .timeout_ms = timeout > 0 ? clamp(timeout, TIMEOUT_FLOOR_MS, UINT64_MAX) : 0};
    start(run, &request, 0, token_budget(run, arguments));
}

void shell_cancel(struct tool_run *run)
{
    struct waiting *waiting = run->state;
    assert(waiting != NULL); /* every start() here has answered or waits */
    command_kill(waiting->command);
    command_release(waiting->command);
    loop_timer_close(waiting->timer);
    free(waiting);
    run->state = NULL;
    tool_answerf(run, "aborted");
}
