/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <beacon-sdk/text.h>

#include "agent/ledger_parts.h"
#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/json.h"
#include "base/path.h"
#include "base/text.h"
#include "plugin/sha256.h"
#include "policy/words.h"

#define KEY_BYTES_MAX  200u
#define NOTE_BYTES_MAX 48
#define FILE_BYTES_MAX (1u << 20) /* of a larger one the size stands for the hash */
#define HASH_SHOWN     12

/* One line, not endless, and nothing that could end the line it stands in. */
static char *tidy(const char *text, size_t n)
{
    const struct beacon_str cut = beacon_utf8_cut(beacon_span(text, n), KEY_BYTES_MAX);
    char *copy = alloc_string_n(cut.p, cut.n);
    for (size_t i = 0; i < cut.n; i++) {
        if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7f) {
            copy[i] = ' ';
        }
    }
    return copy;
}

/* ---- calls that wait ---- */

void ledger_calls_begin(struct ledger_calls *calls, const struct beacon_part *call)
{
    calls->waiting = alloc_grow(calls->waiting, calls->n + 1, sizeof calls->waiting[0]);
    calls->waiting[calls->n++] =
        (struct ledger_call){.id = alloc_string_n(call->call_id.p, call->call_id.n),
                             .name = alloc_string_n(call->name.p, call->name.n),
                             .input = alloc_string_n(call->text.p, call->text.n),
                             .is_freeform = (call->flags & BEACON_PART_FREEFORM) != 0};
}

static void finish_call(struct ledger_call *call)
{
    free(call->id);
    free(call->name);
    free(call->input);
}

static bool take_call(struct ledger_calls *calls, struct beacon_str id, struct ledger_call *ret)
{
    for (size_t i = 0; i < calls->n; i++) {
        if (beacon_span_is(id, calls->waiting[i].id)) {
            *ret = calls->waiting[i];
            calls->waiting[i] = calls->waiting[--calls->n];
            return true;
        }
    }
    return false;
}

void ledger_calls_finish(struct ledger_calls *calls)
{
    for (size_t i = 0; i < calls->n; i++) {
        finish_call(&calls->waiting[i]);
    }
    free(calls->waiting);
    calls->waiting = NULL;
    calls->n = 0;
}

/* ---- files ---- */

/* The hash of what the file holds now; false when it is no file. */
static bool hash_file(const char *path, char note[NOTE_BYTES_MAX])
{
    struct stat st;
    char hex[SHA256_HEX];
    struct beacon_error unused = {.struct_size = sizeof unused};
    AUTO_TEXT struct text content;
    text_init(&content, FILE_BYTES_MAX);
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        return false;
    }
    if (st.st_size > (off_t)FILE_BYTES_MAX || io_read_file(path, &content, &unused) != BEACON_OK) {
        (void)snprintf(note, NOTE_BYTES_MAX, "%lld bytes", (long long)st.st_size);
        return true;
    }
    sha256_hex(text_string(&content), content.len, hex);
    (void)snprintf(note, NOTE_BYTES_MAX, "sha256 %.*s", HASH_SHOWN, hex);
    return true;
}

static void add_read(struct ledger *ledger, const char *cwd, const char *name)
{
    char note[NOTE_BYTES_MAX];
    AUTO_FREE char *path = path_normal(cwd, name);
    AUTO_FREE char *key = tidy(path, strlen(path));
    if (hash_file(path, note)) {
        ledger_add(ledger, LEDGER_READ, key, note);
    }
}

static bool is_reader(const char *program)
{
    static const char *const readers[] = {"cat",  "head", "tail", "sed",  "nl",
                                          "less", "bat",  "awk",  "grep", "rg"};
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (strcmp(path_base(program), readers[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A word that names a file is one that was read; others (patterns, line numbers) name none. */
static void add_reads_of(struct ledger *ledger, const char *cwd,
                         const struct shell_command *command)
{
    if (command->n == 0 || !is_reader(command->argv[0])) {
        return;
    }
    for (size_t i = 1; i < command->n; i++) {
        if (command->argv[i][0] != '-') {
            add_read(ledger, cwd, command->argv[i]);
        }
    }
}

/* ---- commands ---- */

static bool number_after(const char *text, const char *words, int *ret)
{
    const char *at = strstr(text, words);
    char *end = NULL;
    const long number = at != NULL ? strtol(at + strlen(words), &end, 10) : 0;
    *ret = (int)number;
    return at != NULL && end != at + strlen(words);
}

/* In the words of the tool that ran it; only its own lines, which come before the output. */
static bool exit_status_of(const char *result, int *ret)
{
    static const char output[] = "\nOutput:";
    if (result[0] == '{') {
        struct json_object *answer = NULL;
        struct beacon_error unused = {.struct_size = sizeof unused};
        if (json_parse(result, strlen(result), "an answer", &answer, &unused) != BEACON_OK) {
            return false;
        }
        AUTO_JSON struct json_object *owned = answer;
        *ret = (int)json_int_of(json_member(owned, "metadata"), "exit_code", -1);
        return json_member(owned, "metadata") != NULL;
    }
    const char *end = strstr(result, output);
    AUTO_FREE char *head =
        alloc_string_n(result, end != NULL ? (size_t)(end - result) : strlen(result));
    return number_after(head, "Process exited with code ", ret) ||
           number_after(head, "Exit code: ", ret);
}

/* The script, or the words as a shell would cut them; NULL: neither. */
static char *script_of(const char *input)
{
    struct json_object *parsed = NULL;
    struct beacon_error unused = {.struct_size = sizeof unused};
    if (json_parse(input, strlen(input), "a call", &parsed, &unused) != BEACON_OK) {
        return NULL;
    }
    AUTO_JSON struct json_object *arguments = parsed;
    const char *cmd = json_string_of(arguments, "cmd", NULL);
    struct json_object *words = json_member(arguments, "command");
    if (cmd != NULL) {
        return alloc_string(cmd);
    }
    if (words == NULL || !json_object_is_type(words, json_type_array)) {
        return NULL;
    }
    const size_t n = json_object_array_length(words);
    AUTO_FREE const char **argv = alloc_array(n + 1, sizeof *argv);
    for (size_t i = 0; i < n; i++) {
        const char *word = json_object_get_string(json_object_array_get_idx(words, i));
        argv[i] = word != NULL ? word : "";
    }
    const bool is_shell = n == 3 && argv[1][0] == '-' && argv[1][strlen(argv[1]) - 1] == 'c';
    return is_shell ? alloc_string(argv[2]) : words_quote(argv);
}

static void add_command(struct ledger *ledger, const struct ledger_calls *calls,
                        const struct ledger_call *call, const char *result)
{
    char note[NOTE_BYTES_MAX] = "not finished";
    int status = 0;
    AUTO_FREE char *script = script_of(call->input);
    if (script == NULL) {
        return;
    }
    AUTO_FREE char *key = tidy(script, strlen(script));
    if (exit_status_of(result, &status)) {
        (void)snprintf(note, sizeof note, "exit %d", status);
    }
    ledger_add(ledger, LEDGER_COMMAND, key, note);
    struct shell_script read;
    shell_script_read(script, strlen(script), false, &read);
    for (size_t i = 0; i < read.n && read.is_plain; i++) {
        add_reads_of(ledger, calls->cwd, &read.commands[i]);
    }
    shell_script_finish(&read);
}

/* ---- patches and plans ---- */

static void add_edit(struct ledger *ledger, const char *cwd, const char *name, size_t n)
{
    char note[NOTE_BYTES_MAX] = "deleted";
    AUTO_FREE char *given = alloc_string_n(name, n);
    AUTO_FREE char *path = path_normal(cwd, given);
    AUTO_FREE char *key = tidy(path, strlen(path));
    (void)hash_file(path, note);
    ledger_add(ledger, LEDGER_EDIT, key, note);
}

static void add_patch(struct ledger *ledger, const char *cwd, const char *patch)
{
    static const char *const marks[] = {
        "*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "};
    for (const char *line = patch; line != NULL; line = strchr(line, '\n')) {
        line += line[0] == '\n' ? 1 : 0;
        for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
            const size_t n = strlen(marks[i]);
            if (strncmp(line, marks[i], n) == 0) {
                add_edit(ledger, cwd, line + n, strcspn(line + n, "\r\n"));
            }
        }
    }
}

static void take_patch(struct ledger *ledger, const struct ledger_calls *calls,
                       const struct ledger_call *call, const char *result)
{
    int status = -1;
    struct json_object *parsed = NULL;
    struct beacon_error unused = {.struct_size = sizeof unused};
    if (!exit_status_of(result, &status) || status != 0) {
        return;
    }
    if (call->is_freeform) {
        add_patch(ledger, calls->cwd, call->input);
    } else if (json_parse(call->input, strlen(call->input), "a call", &parsed, &unused) ==
               BEACON_OK) {
        AUTO_JSON struct json_object *arguments = parsed;
        add_patch(ledger, calls->cwd, json_string_of(arguments, "input", ""));
    }
}

static void take_plan(struct ledger *ledger, const char *input)
{
    struct json_object *parsed = NULL;
    struct beacon_error unused = {.struct_size = sizeof unused};
    if (json_parse(input, strlen(input), "a call", &parsed, &unused) != BEACON_OK) {
        return;
    }
    AUTO_JSON struct json_object *arguments = parsed;
    struct json_object *plan = json_member(arguments, "plan");
    if (plan == NULL || !json_object_is_type(plan, json_type_array)) {
        return;
    }
    ledger_clear(ledger, LEDGER_OPEN);
    for (size_t i = 0; i < json_object_array_length(plan); i++) {
        struct json_object *item = json_object_array_get_idx(plan, i);
        const char *step = json_string_of(item, "step", "");
        const char *state = json_string_of(item, "status", "pending");
        if (strcmp(state, "completed") != 0) {
            AUTO_FREE char *key = tidy(step, strlen(step));
            ledger_add(ledger, LEDGER_OPEN, key,
                       strcmp(state, "in_progress") == 0 ? state : "pending");
        }
    }
}

void ledger_calls_end(struct ledger_calls *calls, struct ledger *ledger,
                      const struct beacon_part *result)
{
    struct ledger_call call;
    if (!take_call(calls, result->call_id, &call)) {
        return;
    }
    AUTO_FREE char *text = alloc_string_n(result->text.p, result->text.n);
    if (strcmp(call.name, "apply_patch") == 0) {
        take_patch(ledger, calls, &call, text);
    } else if (strcmp(call.name, "update_plan") == 0) {
        take_plan(ledger, call.input);
    } else {
        add_command(ledger, calls, &call, text);
    }
    finish_call(&call);
}
