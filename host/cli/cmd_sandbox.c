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
#include "base/path.h"
#include "base/spawn.h"
#include "base/text.h"
#include "cli/cmd_sandbox_verify.h"
#include "cli/sandbox_config.h"
#include "cli/sandbox_serve.h"
#include "cli/wire_plugins.h"
#include "cli/wire_policy.h"
#include "loop/loop.h"
#include "sandbox/sandbox.h"
#include "session/home.h"
#include "tools/environment.h"
#include "verify/canary.h"

#define EXIT_PROGRAM_MISSING 127 /* as shells say it */
#define EXIT_SIGNAL_BASE     128
#define EXPLAIN_BYTES        65536

static const char usage[] =
    "Usage: beacon sandbox linux|macos|none [OPTIONS] [--] COMMAND [ARGS...]\n"
    "       beacon sandbox explain [OPTIONS]\n"
    "       beacon sandbox verify [--json] [OPTIONS]\n"
    "\n"
    "Run COMMAND as the agent would run it: reading anything, writing nothing, no network.\n"
    "\n"
    "  --sandbox MODE  read-only (the default), workspace-write or danger-full-access\n"
    "  --full-auto     the same as --sandbox workspace-write\n"
    "  --writable DIR  this directory is writable too; may be given again\n"
    "  --network WHAT  off (the default), on or allow-list; only in workspace-write\n"
    "  --allow HOST    a host of the allow-list, as example.org or *.example.org:8080; may be\n"
    "                  given again, and means --network allow-list\n"
    "  --deny HOST     closed although --allow covers it; may be given again\n"
    "  --backend NAME  auto (the default), namespaces, landlock or none\n"
    "  -C, --cd DIR    the workspace; the default is the current directory\n"
    "  --safe-mode     use only the plugins that came with beacon\n"
    "\n"
    "Variables that look like secrets (KEY, SECRET, TOKEN, PASS, CREDENTIAL, LD_*, SSH_AUTH_SOCK) "
    "are\n"
    "left out. In workspace-write the workspace, /tmp, $TMPDIR and each --writable may be "
    "written.\n"
    "The exit status is that of COMMAND, 128+N when signal N ended it, 126 when the sandbox\n"
    "could not be set up, 127 when there is no such program, 78 when an admin's policy forbids "
    "it.\n";

#define WORDS_MAX 64

/* The values of an option that may be given again. */
struct word_list {
    const char *words[WORDS_MAX];
    size_t n;
};

struct sandbox_options {
    bool is_explain, is_safe_mode, wants_help;
    const char *mode, *backend;
    const char *dir;     /* NULL: the current one */
    const char *network; /* NULL: off, or allow-list when there are hosts */
    struct word_list writable, allow, deny;
    char **command; /* NULL-terminated */
};

extern char **environ;

static bool fail_usage(const char *what, const char *which)
{
    (void)fprintf(stderr, "error: %s%s\n\n%s", what, which, usage);
    return false;
}

static bool is_mode(const char *name)
{
    return strcmp(name, "read-only") == 0 || strcmp(name, "workspace-write") == 0 ||
           strcmp(name, "danger-full-access") == 0;
}

static bool add_word(struct word_list *list, const char *name, const char *word)
{
    if (list->n == WORDS_MAX) {
        return fail_usage("too many values after ", name);
    }
    list->words[list->n++] = word;
    return true;
}

static bool is_network(const char *name)
{
    return strcmp(name, "off") == 0 || strcmp(name, "on") == 0 || strcmp(name, "allow-list") == 0;
}

static bool take_value(struct sandbox_options *ret, const char *name, const char *value)
{
    if (strcmp(name, "--backend") == 0) {
        ret->backend = value;
    } else if (strcmp(name, "--cd") == 0 || strcmp(name, "-C") == 0) {
        ret->dir = value;
    } else if (strcmp(name, "--sandbox") == 0) {
        ret->mode = value;
        return is_mode(value) || fail_usage("unknown sandbox mode ", value);
    } else if (strcmp(name, "--network") == 0) {
        ret->network = value;
        return is_network(value) || fail_usage("unknown network ", value);
    } else {
        return add_word(strcmp(name, "--allow") == 0  ? &ret->allow
                        : strcmp(name, "--deny") == 0 ? &ret->deny
                                                      : &ret->writable,
                        name, value);
    }
    return true;
}

/* The name of an option that takes a value; NULL: it is none. *ret_value is what follows '='. */
static const char *valued_option(const char *word, const char **ret_value)
{
    static const char *const names[] = {"--allow", "--backend", "--cd",      "-C",
                                        "--deny",  "--network", "--sandbox", "--writable"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const size_t n = strlen(names[i]);
        if (strncmp(word, names[i], n) == 0 && (word[n] == '\0' || word[n] == '=')) {
            *ret_value = word[n] == '=' ? word + n + 1 : NULL;
            return names[i];
        }
    }
    return NULL;
}

static bool take_flag(struct sandbox_options *ret, const char *word)
{
    if (strcmp(word, "--full-auto") == 0) {
        ret->mode = "workspace-write";
    } else if (strcmp(word, "--safe-mode") == 0) {
        ret->is_safe_mode = true;
    } else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
        ret->wants_help = true;
    } else {
        return fail_usage("unexpected argument ", word);
    }
    return true;
}

/* Options end at "--" or at the first word that is none: what follows belongs to the command. */
static bool parse_flags(char **argv, struct sandbox_options *ret)
{
    for (; *argv != NULL && (*argv)[0] == '-'; argv++) {
        const char *value = NULL;
        if (strcmp(*argv, "--") == 0) {
            argv++;
            break;
        }
        const char *name = valued_option(*argv, &value);
        if (name != NULL && value == NULL) {
            value = *++argv;
        }
        if (name != NULL && value == NULL) {
            return fail_usage("a value is missing after ", name);
        }
        if (!(name != NULL ? take_value(ret, name, value) : take_flag(ret, *argv))) {
            return false;
        }
    }
    ret->command = argv;
    return true;
}

/* Half an answer about the network would be none. */
static bool check_network(struct sandbox_options *ret)
{
    bool has_hosts = ret->allow.n + ret->deny.n > 0;
    if (ret->network == NULL) {
        ret->network = has_hosts ? "allow-list" : "off";
    }
    if (has_hosts && strcmp(ret->network, "allow-list") != 0) {
        return fail_usage("--allow and --deny do not go with --network ", ret->network);
    }
    if (strcmp(ret->network, "off") != 0 && strcmp(ret->mode, "workspace-write") != 0) {
        return fail_usage("--network and --allow need --sandbox workspace-write, not ", ret->mode);
    }
    return true;
}

static bool is_platform(const char *what)
{
    return strcmp(what, "linux") == 0 || strcmp(what, "landlock") == 0 ||
           strcmp(what, "macos") == 0 || strcmp(what, "seatbelt") == 0 || strcmp(what, "none") == 0;
}

/* Each platform has its backends; on another one they say that they are not available. */
static const char *default_backend(const char *what)
{
    return what[0] == 'l' ? "auto" : what[0] == 'n' ? "none" : "seatbelt";
}

static bool parse_options(int argc, char **argv, struct sandbox_options *ret)
{
    const char *what = argc > 1 ? argv[1] : "";
    bool is_run = is_platform(what);
    ret->backend = is_run ? default_backend(what) : "auto";
    ret->mode = is_run && what[0] == 'n' ? "danger-full-access" : "read-only";
    ret->is_explain = strcmp(what, "explain") == 0;
    ret->wants_help = strcmp(what, "-h") == 0 || strcmp(what, "--help") == 0;
    if (ret->wants_help) {
        return true;
    }
    if (!is_run && !ret->is_explain) {
        return what[0] == '\0'
                   ? fail_usage("say what to do: linux, macos, none, explain or verify", "")
                   : fail_usage("unknown sandbox command ", what);
    }
    if (!parse_flags(argv + 2, ret) || ret->wants_help) {
        return ret->wants_help;
    }
    if (!check_network(ret)) {
        return false;
    }
    if (is_run && ret->command[0] == NULL) {
        return fail_usage("COMMAND is missing", "");
    }
    return is_run || ret->command[0] == NULL ? true
                                             : fail_usage("unexpected argument ", ret->command[0]);
}

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

/* Whoever asks for no restriction gets the variables as they are. */
static int run_command(struct sandbox *sandbox, struct loop *loop, char **command)
{
    AUTO_ENVIRONMENT char **kept =
        sandbox_is_unrestricted(sandbox) ? NULL : environment_without_secrets(environ);
    const struct sandbox_command request = {
        .argv = (const char *const *)command,
        .env = (const char *const *)(kept != NULL ? kept : environ),
        .in_fd = usable_fd(STDIN_FILENO),
        .out_fd = usable_fd(STDOUT_FILENO),
        .err_fd = usable_fd(STDERR_FILENO),
        .shares_terminal = true,
    };
    struct sandbox_run *run = NULL;
    struct spawn_child child = {0};
    struct beacon_error err = {.struct_size = sizeof err};
    const struct file_flags flags = keep_flags();
    bool had_children = has_children();
    int terminal = own_terminal();
    spawn_adopt_orphans();
    if (sandbox_start(sandbox, &request, &run, &child, &err) != BEACON_OK) {
        return report(&err);
    }
    struct sandbox_serve *serve = NULL; /* only when there is a loop */
    if (loop != NULL && sandbox_serve_begin(loop, &serve, &err) != BEACON_OK) {
        give_up(sandbox, run, &child);
        return report(&err);
    }
    running_group = child.group;
    forward_signals();
    int status = 0;
    wait_for(&child, terminal);
    running_group = 0;
    spawn_kill(&child);
    spawn_reap(&child, &status);
    put_flags_back(&flags);
    sandbox_rest(sandbox);
    if (!had_children) {
        (void)spawn_sweep(NULL, 0);
    }
    sandbox_serve_end(serve);
    sandbox_finish(sandbox, run, status, NULL, 0, NULL);
    return WIFSIGNALED(status) ? EXIT_SIGNAL_BASE + WTERMSIG(status) : WEXITSTATUS(status);
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

static enum sandbox_network network_of(const struct sandbox_options *options)
{
    return strcmp(options->network, "on") == 0           ? SANDBOX_NETWORK_ON
           : strcmp(options->network, "allow-list") == 0 ? SANDBOX_NETWORK_ALLOW_LIST
                                                         : SANDBOX_NETWORK_OFF;
}

static int open_and_run(const struct sandbox_options *options, const char *cwd, const char *home)
{
    struct sandbox_settings settings = {
        .mode = sandbox_config_mode(options->mode),
        .backend = options->backend,
        .cwd = cwd,
        .writable_roots = options->writable.words,
        .n_writable_roots = options->writable.n,
        .network = network_of(options),
        .network_allow = options->allow.words,
        .n_network_allow = options->allow.n,
        .network_deny = options->deny.words,
        .n_network_deny = options->deny.n,
        .on_refused_host = sandbox_serve_tell,
        .home = home,
    };
    settings.loop = settings.network == SANDBOX_NETWORK_ALLOW_LIST ? loop_create() : NULL;
    struct beacon_error err = {.struct_size = sizeof err};
    struct wire_plugins plugins = {0};
    struct sandbox *sandbox = NULL;
    int status = EXIT_STATUS_SANDBOX_SETUP;
    const struct wire_plugins_request request = {.home = home,
                                                 .is_safe_mode = options->is_safe_mode};
    int rc = wire_plugins_open(&request, &plugins, &err);
    wire_policy_require_sandbox(plugins.policy, &settings);
    rc = rc == BEACON_OK ? sandbox_create(plugins.set, &settings, &sandbox, &err) : rc;
    if (rc != BEACON_OK) {
        int told = report(&err);
        status = rc == BEACON_E_POLICY ? told : status;
    } else {
        status = options->is_explain ? explain(sandbox)
                                     : run_command(sandbox, settings.loop, options->command);
    }
    sandbox_destroy(sandbox);
    wire_plugins_close(&plugins);
    loop_destroy(settings.loop);
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
    if (!parse_options(argc, argv, &options)) {
        return EXIT_STATUS_USAGE;
    }
    if (options.wants_help) {
        return fputs(usage, stdout) < 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
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
    int status = open_and_run(&options, cwd, home.path);
    home_finish(&home);
    return status;
}
