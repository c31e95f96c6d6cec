/* words_parts.h - how the reader of shell scripts is divided: words_scan.c reads one word and what may be
 * expanded in it, words_script.c the commands around. Private to words*.c.
 */
#ifndef HOST_POLICY_WORDS_PARTS_H
#define HOST_POLICY_WORDS_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "policy/words.h"

#define HEREDOCS_MAX 16

/* Why a script is not plain. */
enum {
    SCRIPT_HAS_HEREDOC = 1 << 0, /* a here-document in which nothing expands */
    SCRIPT_HAS_MORE = 1 << 1,    /* anything else */
};

struct heredoc {
    char *delimiter;
    bool is_quoted; /* nothing expands in it */
    bool strips_tabs;
};

struct words_parser {
    const char *at, *end;
    struct shell_script *script;
    struct heredoc heredocs[HEREDOCS_MAX]; /* announced, and not reached yet */
    size_t n_heredocs;
    unsigned depth;
    unsigned features; /* SCRIPT_HAS_… */
    bool is_zsh;
};

/* One word as it was read. */
struct scanned_word {
    struct text text;
    bool is_quoted;  /* some of it */
    bool is_literal; /* nothing expands in it; globs, tildes aside */
    bool may_gain_options;
    bool is_assignment;             /* NAME=… with an unquoted NAME */
    bool has_brace, has_brace_list; /* an unquoted {; and a comma or two dots behind it */
};

bool words_is_blank(char c);
bool words_ends_word(char c); /* an unquoted blank, newline or operator character */

static inline bool words_more(const struct words_parser *parser, size_t n)
{
    return parser->end > parser->at && (size_t)(parser->end - parser->at) >= n;
}

static inline bool words_see(const struct words_parser *parser, const char *what, size_t n)
{
    return words_more(parser, n) && __builtin_memcmp(parser->at, what, n) == 0;
}

/* The character at hand; NUL at the end. */
static inline char words_peek(const struct words_parser *parser)
{
    if (parser->at < parser->end) {
        return *parser->at;
    }
    return '\0';
}

/* Read the word at parser->at, which begins none of the above. *ret is to be finished. */
void words_scan(struct words_parser *parser, struct scanned_word *ret);

/* Is ((…)) at parser->at, behind the first parenthesis, arithmetic? Then skip it. */
bool words_skip_arithmetic(struct words_parser *parser);

/* Read the commands in the parentheses at parser->at, and what closes them. */
void words_scan_substitution(struct words_parser *parser);

/* What a here-document, or a string in double quotes, expands. */
void words_scan_expansions(struct words_parser *parser, const char *text, size_t n);

/* Read commands up to the closing parenthesis (is_nested) or the end. */
void words_read_list(struct words_parser *parser, bool is_nested);

/* Read `n` other bytes as a script inside of this one. */
void words_read_nested(struct words_parser *parser, const char *text, size_t n);

/* Nothing behind counts, since it is a syntax error for a shell as well; or since a limit was reached. */
void words_give_up(struct words_parser *parser);
void words_cut(struct words_parser *parser);

#endif
