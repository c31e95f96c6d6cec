/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exec_options.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "cli/args.h"

enum option_id {
    OPT_ADD_DIR = 1,
    OPT_ALL,
    OPT_BYPASS,
    OPT_CD,
    OPT_COLOR,
    OPT_CONFIG,
    OPT_EPHEMERAL,
    OPT_FULL_AUTO,
    OPT_HELP,
    OPT_IGNORED,
    OPT_IMAGE,
    OPT_JSON,
    OPT_LAST,
    OPT_MAX_COST,
    OPT_MAX_SECONDS,
    OPT_MAX_TOKENS,
    OPT_MAX_TURNS,
    OPT_MODEL,
    OPT_OSS,
    OPT_OUTPUT,
    OPT_PROFILE,
    OPT_RECORD,
    OPT_SAFE_MODE,
    OPT_SANDBOX,
    OPT_SCHEMA,
    OPT_SKIP_GIT,
};

static const struct args_option options[] = {
    {OPT_MODEL, 'm', "model", NULL, ARGS_VALUE, "MODEL", NULL, "Model the agent should use"},
    {OPT_CONFIG, 'c', "config", NULL, ARGS_VALUE, "key=value", NULL,
     "Override a value of config.toml; the value is TOML, else text"},
    {OPT_PROFILE, 'p', "profile", NULL, ARGS_VALUE, "PROFILE", NULL,
     "Configuration profile from config.toml"},
    {OPT_SANDBOX, 's', "sandbox", NULL, ARGS_VALUE, "MODE",
     "read-only|workspace-write|danger-full-access",
     "What commands may do: read-only, workspace-write or danger-full-access"},
    {OPT_FULL_AUTO, 0, "full-auto", NULL, ARGS_FLAG, NULL, NULL,
     "Same as --sandbox workspace-write"},
    {OPT_BYPASS, 0, "dangerously-bypass-approvals-and-sandbox", "yolo", ARGS_FLAG, NULL, NULL,
     "Run every command without a sandbox; only inside another one"},
    {OPT_CD, 'C', "cd", NULL, ARGS_VALUE, "DIR", NULL, "Work in this directory"},
    {OPT_ADD_DIR, 0, "add-dir", NULL, ARGS_VALUE, "DIR", NULL,
     "Another directory that may be written to"},
    {OPT_IMAGE, 'i', "image", NULL, ARGS_FILES, "FILE", NULL, "Picture(s) to show with the prompt"},
    {OPT_JSON, 0, "json", "experimental-json", ARGS_FLAG, NULL, NULL,
     "Print events as JSON Lines on stdout"},
    {OPT_OUTPUT, 'o', "output-last-message", NULL, ARGS_VALUE, "FILE", NULL,
     "Write the last message of the agent to a file"},
    {OPT_RECORD, 0, "record", NULL, ARGS_VALUE, "FILE", NULL,
     "Record the session into a new file, for `beacon replay`"},
    {OPT_SCHEMA, 0, "output-schema", NULL, ARGS_VALUE, "FILE", NULL,
     "JSON Schema the last message must follow"},
    {OPT_SKIP_GIT, 0, "skip-git-repo-check", NULL, ARGS_FLAG, NULL, NULL,
     "Run outside a git repository"},
    {OPT_EPHEMERAL, 0, "ephemeral", NULL, ARGS_FLAG, NULL, NULL, "Keep no session file"},
    {OPT_MAX_TOKENS, 0, "max-tokens", NULL, ARGS_VALUE, "N", NULL,
     "Send no request that takes the session over N tokens"},
    {OPT_MAX_COST, 0, "max-cost-usd", NULL, ARGS_VALUE, "X", NULL,
     "… over X US dollars; the price of the model must be known"},
    {OPT_MAX_TURNS, 0, "max-turns", NULL, ARGS_VALUE, "N", NULL,
     "Send no more than N requests to the model"},
    {OPT_MAX_SECONDS, 0, "max-seconds", NULL, ARGS_VALUE, "N", NULL,
     "End the turn after N seconds, whatever runs"},
    {OPT_OSS, 0, "oss", NULL, ARGS_FLAG, NULL, NULL, "Use the local model server (provider oss)"},
    {OPT_SAFE_MODE, 0, "safe-mode", NULL, ARGS_FLAG, NULL, NULL,
     "Use only the plugins that came with beacon"},
    {OPT_COLOR, 0, "color", NULL, ARGS_VALUE, "WHEN", "always|never|auto",
     "Colours in the progress: always, never or auto"},
    {OPT_LAST, 0, "last", NULL, ARGS_FLAG, NULL, NULL,
     "resume: the newest session of this directory"},
    {OPT_ALL, 0, "all", NULL, ARGS_FLAG, NULL, NULL, "resume --last: of any directory"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
    /* SDK clients pass these; they concern services this program does not talk to. */
    {OPT_IGNORED, 0, "thread-source", NULL, ARGS_VALUE, "SOURCE", NULL, NULL},
    {OPT_IGNORED, 0, "cyber-access-program", NULL, ARGS_VALUE, "PROGRAM", NULL, NULL},
    /* Older scripts pass this; the plan tool is always there. */
    {OPT_IGNORED, 0, "include-plan-tool", NULL, ARGS_FLAG, NULL, NULL, NULL},
};

const struct args_table exec_options_table = {"beacon exec [OPTIONS] [PROMPT]\n"
                                              "       beacon exec [OPTIONS] resume "
                                              "<ID | --last> [PROMPT]",
                                              options, sizeof options / sizeof options[0]};

struct parse {
    struct exec_options *options;
    const char *words[3]; /* positionals */
    size_t n_words;
};

static void add_string(struct exec_strings *strings, const char *value)
{
    strings->list = alloc_grow((void *)strings->list, strings->n + 1, sizeof *strings->list);
    strings->list[strings->n++] = value;
}

static void set_flag(struct exec_options *o, const char *path, const char *value)
{
    size_t i = 0;
    while (i < o->n_flags && strcmp(o->flags[i].path, path) != 0) {
        i++;
    }
    assert(i < sizeof o->flags / sizeof o->flags[0]);
    o->flags[i] = (struct config_flag){path, value};
    o->n_flags += i == o->n_flags ? 1 : 0;
}

static int take_word(struct parse *parse, const char *word, struct beacon_error *err)
{
    if (parse->n_words == sizeof parse->words / sizeof parse->words[0]) {
        return error_set(err, BEACON_E_INVALID, "put the prompt in quotes",
                         "unexpected argument '%s' found", word);
    }
    parse->words[parse->n_words++] = word;
    return BEACON_OK;
}

enum effect_kind { SETS_BOOL, SETS_STRING, ADDS_STRING, SETS_KEY };

/* What an option does. */
struct effect {
    int id;
    enum effect_kind kind;
    size_t offset;           /* of the field in struct exec_options; not for SETS_KEY */
    const char *key, *value; /* SETS_KEY: of the configuration; a NULL value is the given one */
};

#define FIELD(name) offsetof(struct exec_options, name)

static const struct effect effects[] = {
    {OPT_ADD_DIR, ADDS_STRING, FIELD(add_dirs), NULL, NULL},
    {OPT_ALL, SETS_BOOL, FIELD(resumes_any_cwd), NULL, NULL},
    {OPT_BYPASS, SETS_BOOL, FIELD(is_unsandboxed), NULL, NULL},
    {OPT_BYPASS, SETS_KEY, 0, "sandbox_mode", "danger-full-access"},
    {OPT_BYPASS, SETS_KEY, 0, "approval_policy", "never"},
    {OPT_CD, SETS_STRING, FIELD(cwd), NULL, NULL},
    {OPT_CONFIG, ADDS_STRING, FIELD(overrides), NULL, NULL},
    {OPT_EPHEMERAL, SETS_BOOL, FIELD(is_ephemeral), NULL, NULL},
    {OPT_FULL_AUTO, SETS_KEY, 0, "sandbox_mode", "workspace-write"},
    {OPT_HELP, SETS_BOOL, FIELD(wants_help), NULL, NULL},
    {OPT_IMAGE, ADDS_STRING, FIELD(images), NULL, NULL},
    {OPT_JSON, SETS_BOOL, FIELD(wants_json), NULL, NULL},
    {OPT_LAST, SETS_BOOL, FIELD(resumes_last), NULL, NULL},
    {OPT_MAX_COST, SETS_KEY, 0, "budget.max_cost_usd", NULL},
    {OPT_MAX_SECONDS, SETS_KEY, 0, "budget.max_seconds", NULL},
    {OPT_MAX_TOKENS, SETS_KEY, 0, "budget.max_tokens", NULL},
    {OPT_MAX_TURNS, SETS_KEY, 0, "budget.max_turns", NULL},
    {OPT_MODEL, SETS_KEY, 0, "model", NULL},
    {OPT_OSS, SETS_KEY, 0, "model_provider", "oss"},
    {OPT_OUTPUT, SETS_STRING, FIELD(output_file), NULL, NULL},
    {OPT_PROFILE, SETS_STRING, FIELD(profile), NULL, NULL},
    {OPT_RECORD, SETS_STRING, FIELD(record_file), NULL, NULL},
    {OPT_SAFE_MODE, SETS_BOOL, FIELD(is_safe_mode), NULL, NULL},
    {OPT_SANDBOX, SETS_KEY, 0, "sandbox_mode", NULL},
    {OPT_SCHEMA, SETS_STRING, FIELD(schema_file), NULL, NULL},
    {OPT_SKIP_GIT, SETS_BOOL, FIELD(skips_git_check), NULL, NULL},
};

static void apply(struct exec_options *o, const struct effect *effect, const char *value)
{
    void *field = (char *)o + effect->offset;
    switch (effect->kind) {
    case SETS_BOOL:
        *(bool *)field = true;
        break;
    case SETS_STRING:
        *(const char **)field = value;
        break;
    case ADDS_STRING:
        add_string(field, value);
        break;
    case SETS_KEY:
        set_flag(o, effect->key, effect->value != NULL ? effect->value : value);
        break;
    }
}

static enum exec_color color_of(const char *when)
{
    return strcmp(when, "always") == 0  ? EXEC_COLOR_ALWAYS
           : strcmp(when, "never") == 0 ? EXEC_COLOR_NEVER
                                        : EXEC_COLOR_AUTO;
}

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct parse *parse = ctx;
    if (id == ARGS_POSITIONAL) {
        return take_word(parse, value, err);
    }
    if (id == OPT_COLOR) {
        parse->options->color = color_of(value);
    }
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++) {
        if (effects[i].id == id) {
            apply(parse->options, &effects[i], value);
        }
    }
    return BEACON_OK;
}

/* `[resume [ID]] [PROMPT]`: what the words are depends on --last, which may come behind them. */
static int sort_words(struct parse *parse, struct beacon_error *err)
{
    struct exec_options *o = parse->options;
    const char **word = parse->words;
    size_t n = parse->n_words;
    if (n > 0 && strcmp(word[0], "resume") == 0) {
        o->is_resume = true;
        word++;
        n--;
        if (!o->resumes_last && n > 0) {
            o->resume_id = *word++;
            n--;
        }
        if (!o->resumes_last && o->resume_id == NULL) {
            return error_set(err, BEACON_E_INVALID, "name a session",
                             "resume needs the id of a session, or --last");
        }
    } else if (o->resumes_last) {
        return error_set(err, BEACON_E_INVALID, "put resume before it", "--last goes with resume");
    }
    if (n > 1) {
        return error_set(err, BEACON_E_INVALID, "put the prompt in quotes",
                         "unexpected argument '%s' found", word[1]);
    }
    o->prompt = n > 0 ? word[0] : NULL;
    return BEACON_OK;
}

int exec_options_parse(int argc, char **argv, struct exec_options *ret, struct beacon_error *err)
{
    struct exec_options parsed = {0};
    struct parse parse = {.options = &parsed};
    int rc = args_parse(&exec_options_table, argc, argv, take, &parse, err);
    if (rc == BEACON_OK && !parsed.wants_help) {
        rc = sort_words(&parse, err);
    }
    if (rc != BEACON_OK) {
        exec_options_finish(&parsed);
        return rc;
    }
    *ret = parsed;
    return BEACON_OK;
}

void exec_options_finish(struct exec_options *o)
{
    free((void *)o->images.list);
    free((void *)o->overrides.list);
    free((void *)o->add_dirs.list);
    *o = (struct exec_options){0};
}

void exec_options_print_help(void)
{
    (void)printf("Run the agent once, without asking anything, and print its last message.\n\n"
                 "Usage: %s\n\n"
                 "The prompt comes from the argument, or from standard input when there is none or "
                 "it is '-'.\n\nOptions:\n",
                 exec_options_table.usage);
    args_print_options(&exec_options_table);
    (void)printf(
        "\nExit status: 0 the turn completed, 1 it failed, 2 wrong usage, 3 denied, 4 a budget "
        "reached, 5 the time\nis up, 78 refused by an admin's policy or a plugin lock, "
        "130 interrupted.\n");
}
