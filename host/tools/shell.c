/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/shell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/path.h"
#include "tools/command.h"
#include "tools/output_limit.h"
#include "tools/patch.h"
#include "tools/patch_command.h"
#include "tools/quote.h"
#include "tools/shell_call.h"
#include "tools/shell_wait.h"
#include "tools/tool.h"

#define YIELD_DEFAULT_MS 10000
#define YIELD_MIN_MS     250
#define YIELD_MAX_MS     30000
#define POLL_MIN_MS      5000
#define POLL_MAX_MS      300000
#define TIMEOUT_FLOOR_MS 1800000 /* a model's own guess never cuts a build short */

static uint64_t clamp(int64_t value, uint64_t low, uint64_t high)
{
    uint64_t wanted = value < 0 ? 0 : (uint64_t)value;
    return wanted < low ? low : wanted > high ? high : wanted;
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

static bool wants_escalation(struct json_object *arguments)
{
    const char *wanted = json_string_of(arguments, "sandbox_permissions", "use_default");
    return strcmp(wanted, "require_escalated") == 0 ||
           json_bool_of(arguments, "with_escalated_permissions", false);
}

/* The words a field holds, NULL-terminated; NULL when it has none, or one that is no plain string. The
 * array is the caller's to free, the words are borrowed. */
static const char **words_of(struct json_object *list)
{
    if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) == 0) {
        return NULL;
    }
    size_t n = json_object_array_length(list);
    AUTO_FREE const char **words = alloc_array(n + 1, sizeof *words);
    for (size_t i = 0; i < n; i++) {
        struct json_object *word = json_object_array_get_idx(list, i);
        if (!json_object_is_type(word, json_type_string) ||
            strlen(json_object_get_string(word)) != (size_t)json_object_get_string_len(word)) {
            return NULL;
        }
        words[i] = json_object_get_string(word);
    }
    return take_pointer(words);
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
    if (arguments == NULL) {
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
    AUTO_FREE const char **prefix = words_of(json_member(arguments, "prefix_rule"));
    const struct shell_request request = {.argv = executed,
                                          .shown = argv,
                                          .cwd = cwd,
                                          .has_terminal = json_bool_of(arguments, "tty", false),
                                          .yield_ms = yield_ms,
                                          .max_tokens = token_budget(run, arguments),
                                          .wants_escalation = wants_escalation(arguments),
                                          .justification =
                                              json_string_of(arguments, "justification", ""),
                                          .wanted_prefix = prefix};
    shell_call_begin(run, &request);
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
    shell_wait_begin(&(struct shell_wait){.run = run,
                                          .command = command,
                                          .yield_ms = yield_ms,
                                          .max_tokens = token_budget(run, arguments)});
}

/* An argv for the older tools; NULL when the run has been answered because a word is none. The array
 * is the caller's to free, the words are borrowed. */
static const char **argv_of(struct tool_run *run, struct json_object *words)
{
    const char **argv = words_of(words);
    if (argv == NULL) {
        tool_answerf(run, "failed to parse function arguments: field `command` %s",
                     json_object_array_length(words) == 0 ? "is empty"
                                                          : "must be an array of strings");
    }
    return argv;
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
    if (arguments == NULL) {
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
    AUTO_FREE const char **prefix = words_of(json_member(arguments, "prefix_rule"));
    const struct shell_request request = {
        .argv = argv,
        .shown = argv,
        .cwd = cwd,
        .is_classic = true,
        .timeout_ms = timeout > 0 ? clamp(timeout, TIMEOUT_FLOOR_MS, UINT64_MAX) : 0,
        .max_tokens = token_budget(run, arguments),
        .wants_escalation = wants_escalation(arguments),
        .justification = json_string_of(arguments, "justification", ""),
        .wanted_prefix = prefix};
    shell_call_begin(run, &request);
}
