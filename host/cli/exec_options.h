/* exec_options.h - what `beacon exec` was asked for. Strings point into argv. Thread: [main]. */
#ifndef HOST_CLI_EXEC_OPTIONS_H
#define HOST_CLI_EXEC_OPTIONS_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/layers.h"

struct args_table;

enum exec_color { EXEC_COLOR_AUTO, EXEC_COLOR_ALWAYS, EXEC_COLOR_NEVER };

struct exec_strings {
    const char **list;
    size_t n;
};

struct exec_options {
    const char *prompt; /* NULL: from standard input; "-" likewise */
    struct exec_strings images, overrides, add_dirs;
    struct config_flag flags[16];
    size_t n_flags;
    const char *profile, *cwd, *output_file, *schema_file, *record_file;
    enum exec_color color;
    bool wants_json, skips_git_check, is_ephemeral, wants_help;
    bool is_safe_mode;   /* static and bundled plugins only */
    bool is_unsandboxed; /* --dangerously-bypass-approvals-and-sandbox */
    bool is_resume, resumes_last, resumes_any_cwd;
    const char *resume_id; /* with is_resume and not resumes_last */
};

extern const struct args_table exec_options_table;

/* argv[0] is the name of the command. On success give `ret` to exec_options_finish(). */
int exec_options_parse(int argc, char **argv, struct exec_options *ret, struct beacon_error *err);
void exec_options_finish(struct exec_options *options);
void exec_options_print_help(void);

#endif
