/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_command.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/path.h"
#include "tools/patch_parse.h"
#include "tools/patch_span.h"

/* What a shell gives a meaning to in a bare word. */
#define SPECIAL_CHARACTERS " \t\r\n$`\"'\\*?[]{}()<>|&;!#~="

static bool is_one_of(const char *string, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(string, *names) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_patch_name(const char *name)
{
    static const char *const names[] = {"apply_patch", "applypatch", NULL};
    return is_one_of(name, names);
}

/* The script of `SHELL -lc SCRIPT`, NULL for anything else. */
static const char *script_of(const char *const *argv, size_t n)
{
    static const char *const shells[] = {"bash", "zsh", "sh", NULL};
    static const char *const options[] = {"-lc", "-c", NULL};
    bool is_script = n == 3 && is_one_of(path_base(argv[0]), shells) && is_one_of(argv[1], options);
    return is_script ? argv[2] : NULL;
}

static bool is_bare_patch(const char *string)
{
    struct patch *patch = NULL;
    bool is_patch = patch_parse(string, strlen(string), &patch, NULL, NULL) == BEACON_OK;
    patch_destroy(patch);
    return is_patch;
}

/* The scanners below take what they name off the front of `*rest`; on false it may have moved. */

static void skip(struct patch_span *rest, const char *characters)
{
    while (rest->n > 0 && strchr(characters, rest->at[0]) != NULL) {
        *rest = patch_span_after(*rest, 1);
    }
}

static bool take(struct patch_span *rest, const char *word)
{
    if (!patch_span_has_prefix(*rest, word)) {
        return false;
    }
    *rest = patch_span_after(*rest, strlen(word));
    return true;
}

static bool take_blanks(struct patch_span *rest)
{
    size_t before = rest->n;
    skip(rest, " \t");
    return rest->n < before;
}

/* Text up to the quote that was just opened. In "…" nothing that the shell would expand. */
static bool take_quoted(struct patch_span *rest, char quote, struct patch_span *ret)
{
    const char *end = memchr(rest->at, quote, rest->n);
    if (end == NULL) {
        return false;
    }
    *ret = (struct patch_span){rest->at, (size_t)(end - rest->at)};
    *rest = patch_span_after(*rest, ret->n + 1);
    for (size_t i = 0; i < ret->n && quote == '"'; i++) {
        if (strchr("$`\\", ret->at[i]) != NULL) {
            return false;
        }
    }
    return true;
}

static bool take_word(struct patch_span *rest, struct patch_span *ret)
{
    if (take(rest, "'")) {
        return take_quoted(rest, '\'', ret);
    }
    if (take(rest, "\"")) {
        return take_quoted(rest, '"', ret);
    }
    size_t n = 0;
    while (n < rest->n && strchr(SPECIAL_CHARACTERS, rest->at[n]) == NULL) {
        n++;
    }
    *ret = (struct patch_span){rest->at, n};
    *rest = patch_span_after(*rest, n);
    return true;
}

/* `cd DIR &&`. Options and `cd -` mean something else. */
static bool take_cd(struct patch_span *rest, struct patch_span *ret)
{
    if (!take(rest, "cd") || !take_blanks(rest) || !take_word(rest, ret)) {
        return false;
    }
    skip(rest, " \t");
    bool is_directory = ret->n > 0 && ret->at[0] != '-';
    return is_directory && take(rest, "&&");
}

/* `<<WORD` up to the end of its line. */
static bool take_heredoc_start(struct patch_span *rest, struct patch_span *ret_word)
{
    if (!take(rest, "<<")) {
        return false;
    }
    skip(rest, " \t");
    if (!take_word(rest, ret_word) || ret_word->n == 0 || ret_word->at[0] == '-') {
        return false;
    }
    skip(rest, " \t");
    return take(rest, "\n");
}

/* The lines up to one that is only `word`. */
static bool take_heredoc_body(struct patch_span *rest, struct patch_span word,
                              struct patch_span *ret)
{
    const char *start = rest->at;
    while (rest->n > 0) {
        const char *newline = memchr(rest->at, '\n', rest->n);
        size_t n = newline != NULL ? (size_t)(newline - rest->at) : rest->n;
        if (patch_span_equal((struct patch_span){rest->at, n}, word)) {
            *ret = (struct patch_span){start, (size_t)(rest->at - start)};
            *rest = patch_span_after(*rest, n);
            return true;
        }
        *rest = patch_span_after(*rest, newline != NULL ? n + 1 : n);
    }
    return false;
}

/* [cd DIR &&] apply_patch <<WORD … WORD, and nothing else. */
static bool read_script(struct patch_span rest, struct patch_span *ret_body,
                        struct patch_span *ret_directory)
{
    *ret_directory = (struct patch_span){NULL, 0};
    skip(&rest, " \t\r\n");
    if (patch_span_has_prefix(rest, "cd") && !take_cd(&rest, ret_directory)) {
        return false;
    }
    skip(&rest, ret_directory->at != NULL ? " \t\r\n" : "");
    if (!take(&rest, "apply_patch") && !take(&rest, "applypatch")) {
        return false;
    }
    skip(&rest, " \t");
    struct patch_span word;
    if (!take_heredoc_start(&rest, &word) || !take_heredoc_body(&rest, word, ret_body)) {
        return false;
    }
    skip(&rest, " \t\r\n");
    return rest.n == 0;
}

static int implicit_patch(struct beacon_error *err)
{
    return error_set(err, BEACON_E_INVALID, "call apply_patch with the patch",
                     "patch detected without explicit call to apply_patch. Rerun as "
                     "[\"apply_patch\", \"<patch>\"]");
}

int patch_command_recognise(const char *const *argv, size_t n, struct patch_command *ret,
                            struct beacon_error *err)
{
    struct patch_command made = {0};
    const char *script = script_of(argv, n);
    struct patch_span body, directory;
    const char *alone = n == 1 ? argv[0] : script;
    if (alone != NULL && is_bare_patch(alone)) {
        return implicit_patch(err);
    }
    if (n == 2 && is_patch_name(argv[0])) {
        made.patch_bytes = strlen(argv[1]);
        made.patch = alloc_string(argv[1]);
        made.is_patch = true;
    } else if (script != NULL && read_script(patch_span_of(script), &body, &directory)) {
        made.patch_bytes = body.n;
        made.patch = alloc_string_n(body.at, body.n);
        made.directory = directory.at != NULL ? alloc_string_n(directory.at, directory.n) : NULL;
        made.is_patch = true;
    }
    *ret = made;
    return BEACON_OK;
}

void patch_command_finish(struct patch_command *command)
{
    free(command->patch);
    free(command->directory);
    *command = (struct patch_command){0};
}
