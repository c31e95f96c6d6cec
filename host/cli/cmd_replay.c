/* SPDX-License-Identifier: Apache-2.0
 * cmd_replay.c - `beacon replay`: a recorded session once more, without network, person or credentials;
 * or the first request in which two of them differ.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/command_table.h"
#include "cli/exec_human.h"
#include "cli/exec_json.h"
#include "cli/replay_session.h"
#include "cli/wire.h"
#include "http/cassette_compare.h"
#include "loop/loop.h"
#include "tools/command.h"

#define WORDS_MAX 4096

enum option_id { OPT_PLUGIN = 1, OPT_SPEED, OPT_TOOLS, OPT_JSON, OPT_DIFF, OPT_SET, OPT_HELP };

static const struct args_option options[] = {
    {OPT_PLUGIN, 0, "plugin", NULL, ARGS_VALUE, "COMPONENT", NULL,
     "Use this provider component instead of the recorded one"},
    {OPT_SET, 'c', "config", NULL, ARGS_VALUE, "key=value", NULL,
     "Change a recorded setting: model=…, config.quirks.usage=…; JSON, else text"},
    {OPT_SPEED, 0, "speed", NULL, ARGS_VALUE, "N|max", NULL,
     "1: as it was, 2: twice as fast; max, without pauses, unless told"},
    {OPT_TOOLS, 0, "tools", NULL, ARGS_VALUE, "HOW", "frozen|live",
     "frozen: tools answer what they did (the default), live: they run again"},
    {OPT_JSON, 0, "json", NULL, ARGS_FLAG, NULL, NULL, "Print events as JSON Lines on stdout"},
    {OPT_DIFF, 0, "diff", NULL, ARGS_FLAG, NULL, NULL,
     "Name the first request in which two cassettes differ"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
};

static const struct args_table table = {"beacon replay [OPTIONS] FILE\n"
                                        "       beacon replay --diff FILE FILE",
                                        options, sizeof options / sizeof options[0]};

#define CHANGES_MAX 32

struct run {
    const char *files[2];
    size_t n_files;
    const char *changes[CHANGES_MAX];
    size_t n_changes;
    bool wants_json, is_diff, wants_help;
    struct cassette cassette;
    struct replay_parts parts;
    struct wire_start start;
    struct wire wire;
    struct exec_json *json;
    struct exec_human *human;
    char *last_message;
    int status;
};

static int report(const struct beacon_error *err)
{
    (void)fprintf(stderr, "Error: %s; %s\n", err->message, err->hint);
    return (int)error_exit_status(err->code);
}

/* ---- the command line ---- */

static int take_speed(struct run *run, const char *value, struct beacon_error *err)
{
    char *end = NULL;
    if (strcmp(value, "max") == 0) {
        run->parts.speed = 0;
        return BEACON_OK;
    }
    run->parts.speed = strtod(value, &end);
    if (end == value || *end != '\0' || !(run->parts.speed > 0) || run->parts.speed > 1e6) {
        return error_set(err, BEACON_E_INVALID, "give a number above 0, or max", "'%s' is no speed",
                         value);
    }
    return BEACON_OK;
}

static int take_word(struct run *run, const char **list, size_t max, size_t *n, const char *word,
                     struct beacon_error *err)
{
    (void)run;
    if (*n == max) {
        return error_set(err, BEACON_E_INVALID, "give fewer", "'%s' is one too many", word);
    }
    list[(*n)++] = word;
    return BEACON_OK;
}

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct run *run = ctx;
    switch (id) {
    case ARGS_POSITIONAL:
        return take_word(run, run->files, 2, &run->n_files, value, err);
    case OPT_SET:
        return take_word(run, run->changes, CHANGES_MAX, &run->n_changes, value, err);
    case OPT_PLUGIN:
        run->parts.plugin = value;
        break;
    case OPT_SPEED:
        return take_speed(run, value, err);
    case OPT_TOOLS:
        run->parts.is_live = strcmp(value, "live") == 0;
        break;
    case OPT_JSON:
        run->wants_json = true;
        break;
    case OPT_DIFF:
        run->is_diff = true;
        break;
    default:
        run->wants_help = true;
        break;
    }
    return BEACON_OK;
}

/* ---- two cassettes ---- */

static int tell_same(size_t n)
{
    (void)fprintf(stderr, "all %zu requests are the same\n", n);
    return EXIT_STATUS_OK;
}

static int tell_difference(size_t n, const char *words)
{
    (void)fprintf(stderr, "request %zu differs: %s\n", n, words);
    return EXIT_STATUS_FAILED;
}

static int tell_missing(size_t recorded, size_t now)
{
    (void)fprintf(stderr, "request %zu differs: recorded were %zu requests, now there are %zu\n",
                  (recorded < now ? recorded : now) + 1, recorded, now);
    return EXIT_STATUS_FAILED;
}

static int compare(const struct cassette *a, const struct cassette *b)
{
    AUTO_TEXT struct text words;
    text_init(&words, WORDS_MAX);
    for (size_t i = 0; i < a->n_exchanges && i < b->n_exchanges; i++) {
        if (!cassette_compare(&a->exchanges[i].request, &b->exchanges[i].request, &words)) {
            return tell_difference(i + 1, text_string(&words));
        }
    }
    return a->n_exchanges == b->n_exchanges ? tell_same(a->n_exchanges)
                                            : tell_missing(a->n_exchanges, b->n_exchanges);
}

static int diff(struct run *run)
{
    struct cassette other = {0};
    struct beacon_error err = {0};
    int rc = cassette_read(run->files[0], &run->cassette, &err);
    rc = rc == BEACON_OK ? cassette_read(run->files[1], &other, &err) : rc;
    int status = rc == BEACON_OK ? compare(&run->cassette, &other) : report(&err);
    cassette_finish(&other);
    return status;
}

/* ---- one, again ---- */

/* key=value into the recorded settings; keys of objects are joined with dots. */
static int change(struct json_object *session, const char *words, struct beacon_error *err)
{
    const char *equals = strchr(words, '=');
    if (equals == NULL || equals == words) {
        return error_set(err, BEACON_E_INVALID, "write -c key=value",
                         "'%s' changes nothing: there is no '='", words);
    }
    AUTO_FREE char *path = alloc_string_n(words, (size_t)(equals - words));
    struct json_object *object = session;
    char *key = path;
    for (char *dot = strchr(key, '.'); dot != NULL; dot = strchr(key, '.')) {
        *dot = '\0';
        object = json_member(object, key);
        key = dot + 1;
        if (!json_object_is_type(object, json_type_object)) {
            return error_set(err, BEACON_E_NOT_FOUND, "see the session line of the cassette",
                             "'%s' names no object of the recorded settings", words);
        }
    }
    struct json_object *value = NULL;
    if (json_parse(equals + 1, strlen(equals + 1), "value", &value, NULL) != BEACON_OK) {
        value = json_object_new_string(equals + 1);
    }
    json_object_object_add(object, key, value);
    return BEACON_OK;
}

static int read_session(struct run *run, struct beacon_error *err)
{
    const struct cassette *cassette = &run->cassette;
    int rc = cassette_read(run->files[0], &run->cassette, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (cassette->session.p == NULL || cassette->prompt.p == NULL) {
        return error_set(err, BEACON_E_INVALID, "record it again with `beacon exec --record`",
                         "%s holds no whole session: it has no %s line", run->files[0],
                         cassette->session.p == NULL ? "session" : "prompt");
    }
    rc = json_parse(cassette->session.p, cassette->session.n, run->files[0], &run->parts.session,
                    err);
    for (size_t i = 0; rc == BEACON_OK && i < run->n_changes; i++) {
        rc = change(run->parts.session, run->changes[i], err);
    }
    run->parts.cassette = cassette;
    return rc;
}

static void on_event(void *ctx, const struct event *event)
{
    struct run *run = ctx;
    if (event->kind == EVENT_AGENT_MESSAGE) {
        free(run->last_message);
        run->last_message = alloc_string(event->as.message.text);
    }
    if (run->json != NULL) {
        exec_json_sink(run->json, event);
    } else {
        exec_human_sink(run->human, event);
    }
}

static void on_turn_end(void *ctx, enum agent_outcome outcome, const struct beacon_error *err)
{
    struct run *run = ctx;
    (void)err;
    run->status = outcome == AGENT_COMPLETED ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
    loop_stop(run->wire.loop);
}

static void on_signal(void *ctx, int signal_number)
{
    struct run *run = ctx;
    (void)signal_number;
    agent_interrupt(run->wire.agent);
}

/* A cassette may come from anybody: it opens no more than the folder it is played in. */
static const char *sandbox_of(struct json_object *session)
{
    return strcmp(json_string_of(session, "sandbox", ""), "read-only") == 0 ? "read-only"
                                                                            : "workspace-write";
}

static int open_session(struct run *run, struct beacon_error *err)
{
    struct json_object *session = run->parts.session;
    const struct config_flag flags[] = {
        {"sandbox_mode", run->parts.is_live ? sandbox_of(session) : "read-only"},
        {"approval_policy", "never"},
    };
    AUTO_TEXT struct text display;
    text_init(&display, 64u << 10);
    const struct wire_start_request wanted = {
        .flags = flags, .n_flags = sizeof flags / sizeof flags[0], .display = &display};
    const struct wire_request request = {.source = "replay",
                                         .is_ephemeral = true,
                                         .output_schema = "",
                                         .sink = on_event,
                                         .sink_ctx = run,
                                         .on_end = on_turn_end,
                                         .on_end_ctx = run,
                                         .replay = &run->parts};
    int rc = wire_start(&wanted, &run->start, err);
    return rc == BEACON_OK ? wire_open(&run->start, &request, &run->wire, err) : rc;
}

static int submit(struct run *run, struct beacon_error *err)
{
    AUTO_JSON struct json_object *prompt = NULL;
    const struct beacon_str text = run->cassette.prompt;
    int rc = json_parse(text.p, text.n, run->files[0], &prompt, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    struct json_object *list = json_member(prompt, "images");
    const size_t n =
        json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    AUTO_FREE struct agent_image *images = alloc_array(n + 1, sizeof *images);
    for (size_t i = 0; i < n; i++) {
        struct json_object *image = json_object_array_get_idx(list, i);
        images[i] = (struct agent_image){json_string_of(image, "name", ""),
                                         json_string_of(image, "data_url", "")};
    }
    const struct agent_prompt wanted = {json_string_of(prompt, "text", ""), images, n};
    return strcmp(wanted.text, "/compact") == 0 && n == 0
               ? agent_compact(run->wire.agent, err)
               : agent_submit(run->wire.agent, &wanted, err);
}

static void run_turn(struct run *run)
{
    struct beacon_error err = {0};
    struct loop_signal *interrupt = loop_signal_create(run->wire.loop, SIGINT, on_signal, run);
    struct loop_signal *terminate = loop_signal_create(run->wire.loop, SIGTERM, on_signal, run);
    run->status = EXIT_STATUS_FAILED;
    if (submit(run, &err) == BEACON_OK) {
        loop_run(run->wire.loop);
    } else {
        (void)report(&err);
    }
    loop_signal_close(interrupt);
    loop_signal_close(terminate);
}

static int judge(const struct run *run)
{
    const struct replay_parts *parts = &run->parts;
    if (parts->first_different != 0) {
        return tell_difference(parts->first_different, parts->difference);
    }
    return parts->n_asked == run->cassette.n_exchanges
               ? tell_same(parts->n_asked)
               : tell_missing(run->cassette.n_exchanges, parts->n_asked);
}

static int replay(struct run *run)
{
    struct beacon_error err = {0};
    if (read_session(run, &err) != BEACON_OK) {
        return report(&err);
    }
    const struct exec_human_settings settings = {.has_color = false};
    run->json = run->wants_json ? exec_json_create(STDOUT_FILENO) : NULL;
    run->human = exec_human_create(&settings);
    if (open_session(run, &err) != BEACON_OK) {
        return report(&err);
    }
    run_turn(run);
    wire_close_session(&run->wire);
    if (run->json == NULL && run->last_message != NULL) {
        (void)printf("%s\n", run->last_message);
    }
    wire_close(&run->wire);
    return judge(run);
}

static void print_help(void)
{
    (void)printf(
        "Play a session again that `beacon exec --record FILE` recorded: same plugin, same "
        "agent, no\nnetwork, nothing kept; and tell whether each request is the recorded "
        "one.\n\nUsage: %s\n\nOptions:\n",
        table.usage);
    args_print_options(&table);
    (void)printf("\nExit status: 0 every request is the same, 1 one differs, 2 wrong usage.\n");
}

static int run_words(struct run *run)
{
    struct beacon_error err = {0};
    if (run->wants_help) {
        print_help();
        return EXIT_STATUS_OK;
    }
    if (run->n_files != (run->is_diff ? 2 : 1)) {
        (void)error_set(&err, BEACON_E_INVALID, "see `beacon replay --help`",
                        run->is_diff ? "--diff needs two cassettes" : "one cassette is needed");
        return args_report(&table, &err);
    }
    return run->is_diff ? diff(run) : replay(run);
}

int cmd_replay(int argc, char **argv)
{
    struct run run = {.start.home_lock_fd = -1};
    struct beacon_error err = {0};
    if (args_parse(&table, argc, argv, take, &run, &err) != BEACON_OK) {
        return args_report(&table, &err);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    int status = run_words(&run);
    exec_json_destroy(run.json);
    exec_human_destroy(run.human);
    wire_start_finish(&run.start);
    replay_parts_finish(&run.parts);
    cassette_finish(&run.cassette);
    free(run.last_message);
    return status;
}
