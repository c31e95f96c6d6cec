/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/path.h"
#include "base/spawn.h"
#include "base/text.h"
#include "cli/cmd_sandbox_verify.h"
#include "cli/sandbox_config.h"
#include "cli/sandbox_options.h"
#include "cli/sandbox_serve.h"
#include "cli/system_paths.h"
#include "cli/wire_plugins.h"
#include "cli/wire_policy.h"
#include "config/layers.h"
#include "loop/loop.h"
#include "sandbox/sandbox.h"
#include "session/home.h"
#include "tools/environment.h"
#include "verify/canary.h"

#define EXIT_PROGRAM_MISSING 127 /* as shells say it */
#define EXIT_SIGNAL_BASE     128
#define EXPLAIN_BYTES        65536
#define NOWHERE              "/dev/null/nowhere" /* a home without a configuration */

extern char **environ;

static int report(const struct beacon_error *err)
{
    (void)fprintf(stderr, "error: %s\n  %s\n", err->message, err->hint);
    return err->code == BEACON_E_POLICY      ? EXIT_STATUS_POLICY
           : err->code == BEACON_E_NOT_FOUND ? EXIT_PROGRAM_MISSING
                                             : EXIT_STATUS_SANDBOX_SETUP;
}

/* The terminal among our standard descriptors whose foreground is ours to give; -1: none. */
static int own_terminal(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (isatty(fd) == 1 && tcgetpgrp(fd) == getpgrp()) {
            return fd;
        }
    }
    return -1;
}

/* The one child, for the signal handler. */
static volatile sig_atomic_t running_group;

static void forward_signal(int signal_number)
{
    int saved = errno;
    if (running_group > 1) {
        (void)kill(-(pid_t)running_group, signal_number);
    }
    errno = saved;
}

static void forward_signals(void)
{
    static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = forward_signal, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof forwarded / sizeof forwarded[0]; i++) {
        (void)sigaction(forwarded[i], &action, NULL);
    }
    (void)signal(SIGTTOU, SIG_IGN); /* taking the terminal back is done from the background */
}

static void lend_terminal(int terminal, pid_t group)
{
    if (terminal >= 0) {
        (void)tcsetpgrp(terminal, group);
    }
    (void)kill(-group, SIGCONT); /* it may have read too early, and been stopped for that */
}

/* As a shell does it: a stopped command stops us, so that the person's shell is in charge. */
static void wait_for(struct spawn_child *child, int terminal)
{
    int status = 0;
    lend_terminal(terminal, child->group);
    while (spawn_wait(child, &status)) {
        if (terminal >= 0) {
            (void)tcsetpgrp(terminal, getpgrp());
        }
        (void)raise(SIGSTOP);
        lend_terminal(terminal, child->group);
    }
    if (terminal >= 0) {
        (void)tcsetpgrp(terminal, getpgrp());
    }
}

/* Children that this process had before it became beacon are not ours to end. */
static bool has_children(void)
{
    siginfo_t unused;
    return waitid(P_ALL, 0, &unused, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void free_environment(char ***env)
{
    environment_free(*env);
}
#define AUTO_ENVIRONMENT __attribute__((cleanup(free_environment)))

static int usable_fd(int fd)
{
    return fcntl(fd, F_GETFD) >= 0 ? fd : -1;
}

static void give_up(struct sandbox *sandbox, struct sandbox_run *run, struct spawn_child *child)
{
    int status = 0;
    spawn_kill(child);
    spawn_reap(child, &status);
    sandbox_finish(sandbox, run, status, NULL, 0, NULL);
}

/* Flags of a terminal or a pipe belong to everybody who has it open: a command that leaves them changed
 * would leave the person's shell without input that waits. */
struct file_flags {
    int of[STDERR_FILENO + 1]; /* -1: not open */
};

static struct file_flags keep_flags(void)
{
    struct file_flags flags;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        flags.of[fd] = fcntl(fd, F_GETFL);
    }
    return flags;
}

static void put_flags_back(const struct file_flags *flags)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (flags->of[fd] >= 0 && fcntl(fd, F_GETFL) != flags->of[fd]) {
            (void)fcntl(fd, F_SETFL, flags->of[fd]);
        }
    }
}

static int explain(struct sandbox *sandbox)
{
    struct beacon_error err = {.struct_size = sizeof err};
    AUTO_TEXT struct text out;
    text_init(&out, EXPLAIN_BYTES);
    if (sandbox_explain(sandbox, &out, &err) != BEACON_OK) {
        return report(&err);
    }
    return fputs(text_string(&out), stdout) < 0 || fflush(stdout) != 0 ? EXIT_STATUS_FAILED
                                                                       : EXIT_STATUS_OK;
}

/* Whoever names a folder by hand means it: without it the command is not run. */
static int check_writable(const struct sandbox *sandbox, const struct sandbox_options *options,
                          const char *cwd, struct beacon_error *err)
{
    const char *sentence = NULL;
    for (size_t i = 0; (sentence = sandbox_root_left_out(sandbox, i)) != NULL; i++) {
        for (size_t k = 0; k < options->writable.n; k++) {
            AUTO_FREE char *path = path_join(cwd, options->writable.words[k]);
            const size_t n = strlen(path);
            if (strncmp(sentence, path, n) == 0 && sentence[n] == ' ') {
                return error_set(err, BEACON_E_INVALID,
                                 "name another directory with --writable, or leave it out", "%s",
                                 sentence);
            }
        }
    }
    return BEACON_OK;
}

/* One call of the command line. */
struct attempt {
    const struct sandbox_options *options;
    const char *cwd;
    struct config *config;
    struct sandbox_config read;
    struct wire_plugins plugins;
    struct sandbox *sandbox;
    struct sandbox_run *run;
    struct spawn_child child;
};

static int open_sandbox(struct attempt *attempt, struct beacon_error *err)
{
    int rc = sandbox_create(attempt->plugins.set, &attempt->read.settings, &attempt->sandbox, err);
    return rc == BEACON_OK ? check_writable(attempt->sandbox, attempt->options, attempt->cwd, err)
                           : rc;
}

/* A backend that was taken without a look is looked at when the command could not be started, and another
 * one taken if need be. A program that is missing was looked for inside: then it works. */
static int start(struct attempt *attempt, const struct sandbox_command *request,
                 struct beacon_error *err)
{
    int rc = sandbox_start(attempt->sandbox, request, &attempt->run, &attempt->child, err);
    if (rc == BEACON_OK || rc == BEACON_E_NOT_FOUND || !attempt->read.settings.is_hurried) {
        return rc;
    }
    sandbox_destroy(attempt->sandbox);
    attempt->sandbox = NULL;
    attempt->read.settings.is_hurried = false;
    rc = open_sandbox(attempt, err);
    return rc == BEACON_OK
               ? sandbox_start(attempt->sandbox, request, &attempt->run, &attempt->child, err)
               : rc;
}

static int wait_and_finish(struct attempt *attempt, int terminal, bool had_children)
{
    int status = 0;
    running_group = attempt->child.group;
    forward_signals();
    wait_for(&attempt->child, terminal);
    running_group = 0;
    spawn_kill(&attempt->child);
    spawn_reap(&attempt->child, &status);
    sandbox_rest(attempt->sandbox);
    if (!had_children) {
        (void)spawn_sweep(NULL, 0);
    }
    return status;
}

/* Whoever asks for no restriction gets the variables as they are. */
static int run_command(struct attempt *attempt, char **command)
{
    AUTO_ENVIRONMENT char **kept =
        sandbox_is_unrestricted(attempt->sandbox) ? NULL : environment_without_secrets(environ);
    const struct sandbox_command request = {
        .argv = (const char *const *)command,
        .env = (const char *const *)(kept != NULL ? kept : environ),
        .in_fd = usable_fd(STDIN_FILENO),
        .out_fd = usable_fd(STDOUT_FILENO),
        .err_fd = usable_fd(STDERR_FILENO),
        .shares_terminal = true,
    };
    struct beacon_error err = {.struct_size = sizeof err};
    const struct file_flags flags = keep_flags();
    const bool had_children = has_children();
    const int terminal = own_terminal();
    spawn_adopt_orphans();
    if (start(attempt, &request, &err) != BEACON_OK) {
        return report(&err);
    }
    struct loop *loop = attempt->read.settings.loop;
    struct sandbox_serve *serve = NULL; /* only when there is a loop */
    if (loop != NULL && sandbox_serve_begin(loop, &serve, &err) != BEACON_OK) {
        give_up(attempt->sandbox, attempt->run, &attempt->child);
        return report(&err);
    }
    const int status = wait_and_finish(attempt, terminal, had_children);
    put_flags_back(&flags);
    sandbox_serve_end(serve);
    sandbox_finish(attempt->sandbox, attempt->run, status, NULL, 0, NULL);
    return WIFSIGNALED(status) ? EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The options as the highest layer of the configuration but one: what is managed wins over them too. */
struct option_flags {
    struct config_flag list[5];
    size_t n;
    struct json_object *allow, *deny; /* a list of strings in JSON is one in TOML */
};

static void add_flag(struct option_flags *flags, const char *path, const char *value)
{
    if (value != NULL) {
        flags->list[flags->n++] = (struct config_flag){path, value};
    }
}

static const char *list_text(struct json_object **list, const struct sandbox_words *words)
{
    if (words->n == 0) {
        return NULL;
    }
    *list = json_object_new_array();
    for (size_t i = 0; i < words->n; i++) {
        json_object_array_add(*list, json_object_new_string(words->words[i]));
    }
    return json_object_to_json_string_ext(*list,
                                          JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static void collect_flags(const struct sandbox_options *options, struct option_flags *ret)
{
    const char *network = options->network;
    *ret = (struct option_flags){0};
    add_flag(ret, "sandbox_mode", options->mode);
    add_flag(ret, "sandbox_backend", options->backend);
    add_flag(ret, "sandbox_workspace_write.network_access",
             network == NULL               ? NULL
             : strcmp(network, "on") == 0  ? "true"
             : strcmp(network, "off") == 0 ? "false"
                                           : network);
    add_flag(ret, "sandbox_workspace_write.network_allow", list_text(&ret->allow, &options->allow));
    add_flag(ret, "sandbox_workspace_write.network_deny", list_text(&ret->deny, &options->deny));
}

/* As a session would: default, configuration, options. */
static int load_config(struct attempt *attempt, const struct home *home, struct beacon_error *err)
{
    struct option_flags flags;
    collect_flags(attempt->options, &flags);
    const struct config_request request = {.home = home->path != NULL ? home->path : NOWHERE,
                                           .legacy_home = home->legacy_path,
                                           .cwd = attempt->cwd,
                                           .managed_path = system_paths.managed_config,
                                           .flags = flags.list,
                                           .n_flags = flags.n,
                                           .is_default_home = home->is_default};
    int rc = config_load(&request, &attempt->config, err);
    json_object_put(flags.allow);
    json_object_put(flags.deny);
    return rc;
}

static int read_settings(struct attempt *attempt, const struct home *home, struct beacon_error *err)
{
    const struct sandbox_options *options = attempt->options;
    int rc = load_config(attempt, home, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    sandbox_config_read(attempt->config, attempt->cwd, home->path, options->writable.words,
                        options->writable.n, &attempt->read);
    struct sandbox_settings *settings = &attempt->read.settings;
    settings->on_refused_host = sandbox_serve_tell;
    settings->is_hurried = !options->is_explain;
    settings->loop = settings->network == SANDBOX_NETWORK_ALLOW_LIST ? loop_create() : NULL;
    return BEACON_OK;
}

static int open_and_run(const struct sandbox_options *options, const char *cwd,
                        const struct home *home)
{
    struct attempt attempt = {.options = options, .cwd = cwd};
    struct beacon_error err = {.struct_size = sizeof err};
    int status = EXIT_STATUS_SANDBOX_SETUP;
    const struct wire_plugins_request request = {.home = home->path,
                                                 .is_safe_mode = options->is_safe_mode};
    int rc = read_settings(&attempt, home, &err);
    rc = rc == BEACON_OK ? wire_plugins_open(&request, &attempt.plugins, &err) : rc;
    wire_policy_require_sandbox(attempt.plugins.policy, &attempt.read.settings);
    rc = rc == BEACON_OK ? open_sandbox(&attempt, &err) : rc;
    if (rc != BEACON_OK) {
        int told = report(&err);
        status = rc == BEACON_E_POLICY ? told : status;
    } else {
        status = options->is_explain ? explain(attempt.sandbox)
                                     : run_command(&attempt, options->command);
    }
    sandbox_destroy(attempt.sandbox);
    wire_plugins_close(&attempt.plugins);
    loop_destroy(attempt.read.settings.loop);
    sandbox_config_finish(&attempt.read);
    config_destroy(attempt.config);
    return status;
}

int cmd_sandbox(int argc, char **argv)
{
    struct sandbox_options options = {0};
    if (argc > 1 && strcmp(argv[1], "verify") == 0) {
        return cmd_sandbox_verify(argc - 1, argv + 1);
    }
    if (argc == 4 && strcmp(argv[1], "canary") == 0) { /* what verify runs inside */
        return canary_main(argv[2], argv[3]);
    }
    if (!sandbox_options_parse(argc, argv, &options)) {
        return EXIT_STATUS_USAGE;
    }
    if (options.wants_help) {
        return sandbox_options_print_help() ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
    }
    if (options.dir != NULL && chdir(options.dir) != 0) {
        (void)fprintf(stderr,
                      "error: cannot use the workspace %s: %s\n  name an existing directory with "
                      "-C\n",
                      options.dir, strerror(errno));
        return EXIT_STATUS_SANDBOX_SETUP;
    }
    AUTO_FREE char *cwd = path_cwd();
    if (cwd == NULL) {
        (void)fprintf(stderr,
                      "error: the current directory is gone\n  change to one that exists\n");
        return EXIT_STATUS_SANDBOX_SETUP;
    }
    /* The sandbox works without a home: then there are no plugins and no credentials in one. */
    struct home home = {0};
    struct beacon_error unused = {.struct_size = sizeof unused};
    (void)home_resolve(&home, &unused);
    int status = open_and_run(&options, cwd, &home);
    home_finish(&home);
    return status;
}
