/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "policy/words.h"
#include "policy/words_parts.h"

/* The list that is being read. */
struct frame {
    struct shell_command command;
    bool awaits_command; /* behind && || or | */
    bool is_head;    /* of a for, select or function: its body may begin within the same words */
    bool has_prefix; /* an assignment or a redirection, which may stand alone */
    unsigned parentheses, cases; /* open ones */
};

static void not_plain(struct words_parser *parser)
{
    parser->features |= SCRIPT_HAS_MORE;
}

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(word, *words) != 0) {
        words++;
    }
    return *words != NULL;
}

/* ---- commands ---- */

static void add_word(struct words_parser *parser, struct frame *frame, struct scanned_word *word)
{
    struct shell_command *command = &frame->command;
    if (++parser->script->n_words > SCRIPT_WORDS_MAX) {
        words_cut(parser);
        return;
    }
    command->argv = alloc_grow((void *)command->argv, command->n + 2, sizeof *command->argv);
    command->argv[command->n++] = alloc_string(text_string(&word->text));
    command->argv[command->n] = NULL;
    command->may_gain_options |= word->may_gain_options;
}

/* False: there was none. */
static bool end_command(struct words_parser *parser, struct frame *frame)
{
    struct shell_script *script = parser->script;
    bool has_command = frame->command.n > 0 || frame->has_prefix;
    if (frame->command.n > 0 && script->n < SCRIPT_COMMANDS_MAX) {
        script->commands = alloc_grow(script->commands, script->n + 1, sizeof script->commands[0]);
        script->commands[script->n++] = frame->command;
    } else if (frame->command.n > 0) {
        words_free(frame->command.argv);
        words_cut(parser);
    }
    if (has_command) {
        frame->awaits_command = false;
    }
    frame->command = (struct shell_command){0};
    frame->is_head = frame->has_prefix = false;
    return has_command;
}

/* ---- words ---- */

/* What introduces control flow. A command may follow the first ones directly. */
static const char *const before_command[] = {"if",    "then", "else", "elif",   "do", "while",
                                             "until", "!",    "{",    "coproc", NULL};
static const char *const ends[] = {"fi", "done", "}", NULL};
static const char *const heads[] = {"for", "select", "function", "foreach", "repeat", NULL};
static const char *const others[] = {"[[", "time", NULL};
/* Words of zsh that change what the rest means. */
static const char *const zsh_words[] = {"end",     "noglob",  "nocorrect", "-",
                                        "command", "builtin", "exec",      NULL};

/* The first word of a command, unquoted. True: it is no part of the command. */
static bool take_reserved(struct words_parser *parser, struct frame *frame, const char *word)
{
    if (is_one_of(word, before_command) || is_one_of(word, ends)) {
        not_plain(parser);
        return true;
    }
    if (strcmp(word, "case") == 0 || strcmp(word, "esac") == 0) {
        not_plain(parser);
        frame->cases += word[0] == 'c' ? 1 : 0;
        frame->cases -= word[0] == 'e' && frame->cases > 0 ? 1 : 0;
        return word[0] == 'e';
    }
    if (is_one_of(word, heads)) {
        frame->is_head = true;
        not_plain(parser);
    } else if (is_one_of(word, others) || (parser->is_zsh && is_one_of(word, zsh_words))) {
        not_plain(parser);
    }
    return false;
}

/* `for x do rm …`, `function f { rm …`: the body begins a command of its own. */
static bool begins_body(const struct frame *frame, const char *word)
{
    return frame->is_head && (strcmp(word, "do") == 0 || strcmp(word, "{") == 0);
}

static bool is_number(const char *word)
{
    return word[0] != '\0' && word[strspn(word, "0123456789")] == '\0';
}

/* The `2` of `2>file`. */
static bool is_descriptor(const struct words_parser *parser, const struct scanned_word *word)
{
    return !word->is_quoted && is_number(text_string(&word->text)) &&
           (words_see(parser, "<", 1) || words_see(parser, ">", 1));
}

static void take_word(struct words_parser *parser, struct frame *frame)
{
    const char *from = parser->at;
    struct scanned_word word;
    words_scan(parser, &word);
    const char *text = text_string(&word.text);
    bool is_first = frame->command.n == 0, is_empty = word.text.len == 0 && !word.is_quoted;
    if (is_empty && word.is_literal) {
        /* only a continued line */
    } else if (is_descriptor(parser, &word)) {
        not_plain(parser);
    } else if (is_first && word.is_assignment) {
        not_plain(parser);
        frame->has_prefix = true;
    } else if (begins_body(frame, text)) {
        (void)end_command(parser, frame);
    } else if (!is_first || word.is_quoted || !take_reserved(parser, frame, text)) {
        if (!word.is_quoted && strcmp(text, "}") == 0) {
            not_plain(parser); /* for zsh it ends a group anywhere */
        }
        if (is_first && *from == '{') {
            not_plain(parser);
        }
        add_word(parser, frame, &word);
    }
    text_finish(&word.text);
}

/* ---- here-documents ---- */

static void add_input(struct words_parser *parser, const char *text, size_t n)
{
    struct shell_script *script = parser->script;
    if (script->n_inputs == SCRIPT_COMMANDS_MAX) {
        words_cut(parser);
        return;
    }
    script->inputs =
        alloc_grow((void *)script->inputs, script->n_inputs + 1, sizeof *script->inputs);
    script->inputs[script->n_inputs++] = alloc_string_n(text, n);
}

/* Where the line that ends the document begins; NULL: there is none. */
static const char *heredoc_end(const struct words_parser *parser, const struct heredoc *heredoc,
                               const char **ret_behind)
{
    size_t length = strlen(heredoc->delimiter);
    for (const char *line = parser->at; line < parser->end;) {
        const char *newline = memchr(line, '\n', (size_t)(parser->end - line));
        const char *end = newline != NULL ? newline : parser->end;
        const char *text = line;
        while (heredoc->strips_tabs && text < end && *text == '\t') {
            text++;
        }
        if ((size_t)(end - text) == length && memcmp(text, heredoc->delimiter, length) == 0) {
            *ret_behind = newline != NULL ? newline + 1 : end;
            return line;
        }
        line = newline != NULL ? newline + 1 : parser->end;
    }
    return NULL;
}

static void read_heredoc(struct words_parser *parser, const struct heredoc *heredoc)
{
    const char *body = parser->at, *behind = NULL;
    const char *end = heredoc_end(parser, heredoc, &behind);
    if (end == NULL) { /* a shell takes all the rest for it; we also look into it as commands */
        parser->script->is_whole = false;
        return;
    }
    size_t n = (size_t)(end - body);
    add_input(parser, body, n);
    if (!heredoc->is_quoted) {
        words_scan_expansions(parser, body, n);
        if (memchr(body, '\\', n) != NULL) {
            not_plain(parser);
        }
    }
    if (parser->at == body) { /* no limit was reached */
        parser->at = behind;
    }
}

/* Behind the newline: all that were announced on the line. */
static void read_heredocs(struct words_parser *parser)
{
    for (size_t i = 0; i < parser->n_heredocs; i++) {
        read_heredoc(parser, &parser->heredocs[i]);
        free(parser->heredocs[i].delimiter);
    }
    parser->n_heredocs = 0;
}

static void announce_heredoc(struct words_parser *parser, bool strips_tabs)
{
    struct scanned_word word;
    words_scan(parser, &word);
    if (word.text.len == 0 && !word.is_quoted) {
        not_plain(parser);
    }
    if (parser->n_heredocs == HEREDOCS_MAX || ++parser->script->n_heredocs > SCRIPT_HEREDOCS_MAX) {
        words_cut(parser);
    } else {
        parser->features |= SCRIPT_HAS_HEREDOC;
        parser->heredocs[parser->n_heredocs++] =
            (struct heredoc){.delimiter = alloc_string(text_string(&word.text)),
                             .is_quoted = word.is_quoted,
                             .strips_tabs = strips_tabs};
    }
    text_finish(&word.text);
}

/* ---- redirections ---- */

static void skip_blanks(struct words_parser *parser)
{
    while (words_more(parser, 1) && (words_is_blank(*parser->at) || words_see(parser, "\\\n", 2))) {
        parser->at += *parser->at == '\\' ? 2 : 1;
    }
}

/* The file, or the text of a here-string: no part of the command. */
static void skip_target(struct words_parser *parser, bool is_input)
{
    struct scanned_word word;
    skip_blanks(parser);
    words_scan(parser, &word);
    if (is_input) {
        add_input(parser, text_string(&word.text), word.text.len);
    }
    text_finish(&word.text);
}

static bool take(struct words_parser *parser, const char *what)
{
    size_t n = strlen(what);
    bool is_there = words_see(parser, what, n);
    parser->at += is_there ? n : 0;
    return is_there;
}

static void take_redirection(struct words_parser *parser, struct frame *frame)
{
    frame->has_prefix = true;
    if (take(parser, "<(") || take(parser, ">(")) {
        parser->at--;
        not_plain(parser);
        words_scan_substitution(parser);
        return;
    }
    if (take(parser, "<<<")) {
        not_plain(parser);
        skip_target(parser, true);
        return;
    }
    if (take(parser, "<<")) {
        bool strips_tabs = take(parser, "-");
        skip_blanks(parser);
        announce_heredoc(parser, strips_tabs);
        return;
    }
    not_plain(parser);
    parser->at++;
    while (words_more(parser, 1) && strchr("<>&|", *parser->at) != NULL) {
        parser->at++;
    }
    skip_target(parser, false);
}

/* ---- operators ---- */

/* && || | ; and what is not allowed in a plain script: & |& ;; ;& */
static void take_operator(struct words_parser *parser, struct frame *frame)
{
    if (words_see(parser, "&>", 2)) {
        parser->at++;
        take_redirection(parser, frame);
        return;
    }
    bool is_joining = take(parser, "&&") || take(parser, "||");
    if (!is_joining && (take(parser, "|&") || take(parser, ";;") || take(parser, ";&") ||
                        take(parser, ";|") || take(parser, "&"))) {
        not_plain(parser);
    } else if (!is_joining) {
        is_joining = *parser->at == '|';
        parser->at++;
    }
    if (!end_command(parser, frame)) {
        not_plain(parser);
    }
    frame->awaits_command = is_joining;
}

static void take_parenthesis(struct words_parser *parser, struct frame *frame)
{
    bool is_open = *parser->at == '(';
    not_plain(parser);
    if (!words_see(parser, "((", 2) || !words_skip_arithmetic(parser)) {
        parser->at++;
        frame->parentheses += is_open ? 1 : 0;
        frame->parentheses -= !is_open && frame->parentheses > 0 ? 1 : 0;
    }
    (void)end_command(parser, frame); /* last: at a limit nothing behind is looked at */
}

static void take_newline(struct words_parser *parser, struct frame *frame)
{
    parser->at++;
    (void)end_command(parser, frame);
    read_heredocs(parser);
}

static void take_step(struct words_parser *parser, struct frame *frame)
{
    switch (*parser->at) {
    case ' ':
    case '\t':
        skip_blanks(parser);
        break;
    case '#': /* at the beginning of a word */
        while (words_more(parser, 1) && *parser->at != '\n') {
            parser->at++;
        }
        break;
    case '\n':
        take_newline(parser, frame);
        break;
    case ';':
    case '&':
    case '|':
        take_operator(parser, frame);
        break;
    case '(':
    case ')':
        take_parenthesis(parser, frame);
        break;
    case '<':
    case '>':
        take_redirection(parser, frame);
        break;
    default:
        if (words_see(parser, "\\\n", 2)) {
            skip_blanks(parser); /* what follows may still begin a comment */
        } else {
            take_word(parser, frame);
        }
    }
}

void words_read_list(struct words_parser *parser, bool is_nested)
{
    struct frame frame = {0};
    while (words_more(parser, 1)) {
        bool is_end = is_nested && *parser->at == ')' && frame.parentheses == 0;
        if (is_end && frame.cases == 0) {
            break;
        }
        take_step(parser, &frame);
    }
    (void)end_command(parser, &frame);
    if (frame.awaits_command) {
        not_plain(parser);
    }
}
