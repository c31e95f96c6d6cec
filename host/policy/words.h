/* words.h - shell scripts as lists of words, read by a grammar of our own.
 *
 * A script is *plain* when it surely means the same in bash, zsh and sh: simple commands of literal words,
 * joined by && || ; | and newlines. Whatever else it has (substitutions, redirections, assignments,
 * control flow, …) makes it not plain, and then its commands are what was found by looking into
 * everything tolerantly: good for finding what is dangerous, never for allowing.
 * Thread: [pure].
 */
#ifndef HOST_POLICY_WORDS_H
#define HOST_POLICY_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_BYTES_MAX    (256u << 10)
#define SCRIPT_COMMANDS_MAX 4096
#define SCRIPT_WORDS_MAX    32768
#define SCRIPT_HEREDOCS_MAX 256
#define SCRIPT_DEPTH_MAX    32 /* substitutions inside of each other */

struct shell_command {
    char **argv; /* NULL-terminated; what an expansion would add is missing in a word of a script
                    that is not plain */
    size_t n;
    /* A glob in it may expand to a word that begins with a dash: options are not what they seem. */
    bool may_gain_options;
};

struct shell_script {
    struct shell_command *commands; /* of a plain script in the order in which they stand */
    size_t n;
    char **inputs; /* here-documents and here-strings: scripts, when a shell is what reads them */
    size_t n_inputs;
    size_t n_words, n_heredocs; /* counted against the limits */
    bool is_plain;
    bool is_whole; /* false: a quote or a parenthesis is open, or it is cut */
    bool is_cut;   /* a limit was reached: commands are missing */
    bool
        is_heredoc; /* one plain command, and besides only here-documents in which nothing expands */
};

/* Read `n` bytes. With is_zsh what zsh alone understands is not plain either. Never fails; the caller
 * finishes it. */
void shell_script_read(const char *text, size_t n, bool is_zsh, struct shell_script *ret);
void shell_script_finish(struct shell_script *script);

/* One line cut at blanks, with quotes and backslashes as in POSIX sh and everything else taken
 * literally. NULL: a quote or a backslash is open. Freed by words_free(). */
char **words_split(const char *line);

char **words_copy(const char *const *words, size_t n); /* NULL-terminated */
void words_free(char **words);                         /* NULL is fine */
size_t words_count(const char *const *words);

/* As one line that a POSIX shell cuts into the same words. The caller's to free. */
char *words_quote(const char *const *argv);

#endif
