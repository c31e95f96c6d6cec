/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/cmd_plugin.h"
#include "cli/plugin_lock_report.h"
#include "cli/system_paths.h"
#include "plugin/discover.h"
#include "plugin/lock.h"
#include "plugin/lock_make.h"
#include "plugin/minisign.h"
#include "plugin/policy.h"
#include "session/home.h"

#define OUTPUT_MAX (16u << 20)
#define FILES_MAX  256

enum option_id { OPT_OUTPUT = 1, OPT_PLATFORM, OPT_VERIFY, OPT_DIFF, OPT_JSON, OPT_HELP };

static const struct args_option options[] = {
    {OPT_OUTPUT, 'o', "output", NULL, ARGS_VALUE, "LOCK", NULL,
     "The lock to write or to compare with; without it plugins.lock in CODE_HOME, and for "
     "comparing the one of the policy"},
    {OPT_PLATFORM, 0, "platform", NULL, ARGS_VALUE, "PLATFORM", NULL,
     "The FILEs must be for it, as in linux-aarch64"},
    {OPT_VERIFY, 0, "verify", NULL, ARGS_FLAG, NULL, NULL,
     "Say whether every locked plugin is here as it was locked; exit status 1 if not"},
    {OPT_DIFF, 0, "diff", NULL, ARGS_FLAG, NULL, NULL,
     "Say what locking would change; exit status 1 if anything"},
    {OPT_JSON, 0, "json", NULL, ARGS_FLAG, NULL, NULL, "With --verify or --diff: print JSON"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
};

static const struct args_table table = {
    "beacon plugin lock [-o LOCK] [--platform PLATFORM] [--diff | --verify] [--json] [FILE]...",
    options, sizeof options / sizeof options[0]};

struct lock_work {
    const char *output, *platform;
    bool is_verify, is_diff, wants_json, wants_help;
    const char *files[FILES_MAX];
    size_t n_files;
    struct wire_plugins plugins;
    char *path;               /* of the lock */
    struct plugin_lock *old;  /* what is there, perhaps nothing */
    struct plugin_lock *made; /* what there would be */
};

static int take(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct lock_work *work = ctx;
    switch (id) {
    case OPT_OUTPUT:
        work->output = value;
        break;
    case OPT_PLATFORM:
        work->platform = value;
        break;
    case OPT_VERIFY:
        work->is_verify = true;
        break;
    case OPT_DIFF:
        work->is_diff = true;
        break;
    case OPT_JSON:
        work->wants_json = true;
        break;
    case OPT_HELP:
        work->wants_help = true;
        break;
    default:
        if (work->n_files == FILES_MAX) {
            return error_set(err, BEACON_E_INVALID, "lock them in several steps",
                             "more than %d files", FILES_MAX);
        }
        work->files[work->n_files++] = value;
    }
    return BEACON_OK;
}

/* What does not go together. */
static int check_request(const struct lock_work *work, struct beacon_error *err)
{
    if (work->is_verify && (work->is_diff || work->n_files > 0)) {
        return error_set(err, BEACON_E_INVALID, "use --verify alone",
                         "the argument '--verify' cannot be used with '%s'",
                         work->is_diff ? "--diff" : "[FILE]...");
    }
    if (work->platform != NULL && work->n_files == 0) {
        return error_set(err, BEACON_E_INVALID, "name the plugin files of that platform",
                         "the argument '--platform' needs [FILE]...");
    }
    if (work->wants_json && !work->is_verify && !work->is_diff) {
        return error_set(err, BEACON_E_INVALID, "add one of them",
                         "the argument '--json' needs '--verify' or '--diff'");
    }
    return BEACON_OK;
}

/* ---- what there is ---- */

static int choose_path(struct lock_work *work, const struct home *home, const char *cwd,
                       struct beacon_error *err)
{
    const char *of_policy = plugin_policy_lock(work->plugins.policy, NULL);
    if (work->output != NULL && cwd != NULL) {
        work->path = path_normal(cwd, work->output);
    } else if (of_policy != NULL && (work->is_verify || work->is_diff)) {
        work->path = alloc_string(of_policy);
    } else if (home->path != NULL) {
        work->path = path_join(home->path, LOCK_FILE);
    } else {
        return error_set(err, BEACON_E_NOT_FOUND, "name the lock with -o",
                         "there is no CODE_HOME to put the lock into");
    }
    return BEACON_OK;
}

static int read_old(struct lock_work *work, struct beacon_error *err)
{
    int rc = plugin_lock_read(work->path, &work->old, err);
    if (rc == BEACON_E_NOT_FOUND && !work->is_verify) {
        work->old = plugin_lock_create(work->path);
        return BEACON_OK;
    }
    return rc;
}

static int open_work(struct lock_work *work, struct beacon_error *err)
{
    struct home home = {0};
    AUTO_FREE char *cwd = path_cwd();
    bool has_home =
        cwd != NULL && home_start(cwd, system_paths.managed_config, &home, err) == BEACON_OK;
    /* Without the lock that is in force: what changed since must be found to be locked. */
    const struct wire_plugins_request request = {
        .home = has_home ? home.path : NULL, .ignores_lock = true, .is_inspection = true};
    int rc = wire_plugins_open(&request, &work->plugins, err);
    rc = rc == BEACON_OK ? choose_path(work, &home, cwd, err) : rc;
    rc = rc == BEACON_OK ? read_old(work, err) : rc;
    home_finish(&home);
    return rc;
}

static void close_work(struct lock_work *work)
{
    plugin_lock_destroy(work->old);
    plugin_lock_destroy(work->made);
    wire_plugins_close(&work->plugins);
    free(work->path);
}

/* ---- what there would be ---- */

/* What the old lock says of platforms that `is_kept`; NULL: of all. */
static void keep_pins(struct lock_work *work, const char *forgotten)
{
    for (size_t i = 0; i < plugin_lock_count(work->old); i++) {
        struct lock_entry entry = *plugin_lock_entry(work->old, i);
        struct lock_pin pins[LOCK_PLATFORMS_MAX];
        size_t n = 0;
        for (size_t j = 0; j < entry.n_pins && n < LOCK_PLATFORMS_MAX; j++) {
            if (forgotten == NULL || strcmp(entry.pins[j].platform, forgotten) != 0) {
                pins[n++] = entry.pins[j];
            }
        }
        entry.pins = pins;
        entry.n_pins = n;
        if (n > 0) {
            plugin_lock_put(work->made, &entry, NULL);
        }
    }
}

static void tell_dropped(const struct lock_work *work, const struct lock_made *made)
{
    if (made->n_dropped > 0 && !work->is_diff && !work->is_verify) {
        (void)fprintf(stderr,
                      "note: %zu pins of %s were of an older version and are gone; lock those "
                      "files too, with --platform\n",
                      made->n_dropped, made->id);
    }
}

static int make_one(struct lock_work *work, const char *path, struct beacon_error *err)
{
    struct lock_made made = {.n_dropped = 0};
    AUTO_FREE char *cwd = path_cwd();
    AUTO_FREE char *absolute = path_normal(cwd != NULL ? cwd : "/", path);
    int rc = lock_make_file(work->made, absolute, work->platform, &made, err);
    if (rc == BEACON_OK) {
        tell_dropped(work, &made);
    }
    return rc;
}

static int make_entries(struct lock_work *work, enum plugin_state state, struct beacon_error *err)
{
    int rc = BEACON_OK;
    for (size_t i = 0; i < plugin_set_count(work->plugins.set) && rc == BEACON_OK; i++) {
        const struct plugin_entry *entry = plugin_set_entry(work->plugins.set, i);
        bool is_wanted = state == PLUGIN_USABLE || entry->refusal.code == BEACON_E_POLICY;
        if (entry->state == state && is_wanted && entry->manifest != NULL &&
            entry->path[0] != '\0') {
            rc = make_one(work, entry->path, err);
        }
        if (rc != BEACON_OK && work->is_verify) {
            (void)cmd_plugin_report(err); /* every difference is told, not only the first */
            rc = BEACON_OK;
        }
    }
    return rc;
}

/* What the policy forbids is not locked, but it is here as it was locked; where another file of the
 * same id is in use, that one counts. */
static int make_installed(struct lock_work *work, struct beacon_error *err)
{
    int rc = work->is_verify ? make_entries(work, PLUGIN_REFUSED, err) : BEACON_OK;
    return rc == BEACON_OK ? make_entries(work, PLUGIN_USABLE, err) : rc;
}

static int make(struct lock_work *work, struct beacon_error *err)
{
    work->made = plugin_lock_create(work->path);
    if (work->n_files == 0) {
        keep_pins(work, plugin_lock_platform());
        return make_installed(work, err);
    }
    int rc = BEACON_OK;
    keep_pins(work, NULL);
    for (size_t i = 0; i < work->n_files && rc == BEACON_OK; i++) {
        rc = make_one(work, work->files[i], err);
    }
    return rc;
}

/* ---- what is done with it ---- */

static int check_signature(const struct lock_work *work, struct beacon_error *err)
{
    struct text text;
    AUTO_FREE char *signature = alloc_printf("%s" MINISIGN_SUFFIX, work->path);
    if (access(signature, F_OK) != 0) {
        return BEACON_OK;
    }
    text_init(&text, OUTPUT_MAX);
    int rc = io_read_file(work->path, &text, err);
    const struct minisign_subject subject = {work->path, text_string(&text), text.len, signature};
    rc = rc == BEACON_OK ? plugin_policy_verify(work->plugins.policy, &subject, NULL, err) : rc;
    text_finish(&text);
    return rc;
}

static int compare(const struct lock_work *work)
{
    const struct lock_comparison comparison = {
        .before = work->old,
        .after = work->made,
        .platform = work->is_verify ? plugin_lock_platform() : NULL,
        .set = work->plugins.set,
        .is_verify = work->is_verify,
    };
    AUTO_TEXT struct text out;
    struct beacon_error err = {0};
    text_init(&out, OUTPUT_MAX);
    size_t n = work->wants_json ? plugin_lock_report_json(&comparison, &out)
                                : plugin_lock_report_text(&comparison, &out);
    if (work->is_verify && check_signature(work, &err) != BEACON_OK) {
        (void)fprintf(stderr, "error: %s; %s\n", err.message, err.hint);
        n++;
    }
    if (!work->wants_json && n == 0) {
        (void)text_addf(&out, "%s: %s\n", work->path,
                        work->is_verify ? "every locked plugin is here as it was locked"
                                        : "locking would change nothing");
    }
    bool is_written = io_write_all(STDOUT_FILENO, text_string(&out), out.len);
    return n == 0 && is_written ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

static void print_next_steps(const struct lock_work *work)
{
    const char *where = NULL;
    const char *of_policy = plugin_policy_lock(work->plugins.policy, &where);
    AUTO_FREE char *of_system = path_join(system_paths.policy_d, "../" LOCK_FILE);
    AUTO_FREE char *deployed = path_normal("/", of_policy != NULL ? of_policy : of_system);
    (void)printf("\nTo sign it:    minisign -Sm %s\n"
                 "To deploy it:  install -o root -g root -m 644 %s %s\n",
                 work->path, work->path, deployed);
    if (of_policy == NULL) {
        (void)printf("               and write into %s/10-lock.ini:\n"
                     "                   [plugins]\n                   lock = %s\n",
                     system_paths.policy_d, deployed);
    } else if (strcmp(of_policy, work->path) != 0) {
        (void)printf("In force is %s (%s), not this one.\n", of_policy, where);
    }
    (void)printf("To verify it:  beacon plugin lock --verify\n");
}

/* A lock of a few files takes everything else out of use: that must not come as a surprise. */
static void warn_of_others(const struct lock_work *work)
{
    size_t n = 0;
    for (size_t i = 0; i < plugin_set_count(work->plugins.set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(work->plugins.set, i);
        n += entry->state == PLUGIN_USABLE && entry->built_in == NULL &&
             plugin_lock_find(work->made, entry->id) == NULL;
    }
    if (n > 0 && work->output == NULL) { /* elsewhere it may be for another machine */
        (void)fprintf(stderr,
                      "warning: %zu plugin%s in use %s not in this lock and will be refused; "
                      "`beacon plugin lock` without a FILE adds what is in use\n",
                      n, n == 1 ? "" : "s", n == 1 ? "is" : "are");
    }
}

static int write_lock(const struct lock_work *work, struct beacon_error *err)
{
    AUTO_TEXT struct text text;
    text_init(&text, OUTPUT_MAX);
    int rc = plugin_lock_format(work->made, &text, err);
    if (rc == BEACON_OK) {
        rc = io_replace_file(work->path, text_string(&text), text.len, 0644, err);
    }
    if (rc == BEACON_OK) {
        const size_t n = plugin_lock_count(work->made);
        (void)printf("%s: locked %zu plugin%s\n", work->path, n, n == 1 ? "" : "s");
        print_next_steps(work);
        warn_of_others(work);
    }
    return rc;
}

static int run(struct lock_work *work)
{
    struct beacon_error err = {0};
    int rc = open_work(work, &err);
    rc = rc == BEACON_OK ? make(work, &err) : rc;
    if (rc == BEACON_OK && (work->is_verify || work->is_diff)) {
        return compare(work);
    }
    rc = rc == BEACON_OK ? write_lock(work, &err) : rc;
    int status = rc == BEACON_OK ? EXIT_STATUS_OK : cmd_plugin_report(&err);
    /* It tells about files; that the policy itself is wrong is told by every other command. */
    return rc != BEACON_OK && work->is_verify ? EXIT_STATUS_FAILED : status;
}

int cmd_plugin_lock(int argc, char **argv)
{
    struct lock_work work = {.output = NULL};
    struct beacon_error err = {0};
    int rc = args_parse(&table, argc, argv, take, &work, &err);
    rc = rc == BEACON_OK && !work.wants_help ? check_request(&work, &err) : rc;
    if (rc != BEACON_OK) {
        return args_report(&table, &err);
    }
    if (work.wants_help) {
        (void)printf(
            "Write down the bytes of every plugin of this installation, or of the FILEs, so "
            "that no\nother may run, or compare with what was written down.\n\n"
            "Usage: %s\n\nOptions:\n",
            table.usage);
        args_print_options(&table);
        return EXIT_STATUS_OK;
    }
    int status = run(&work);
    close_work(&work);
    return status;
}
