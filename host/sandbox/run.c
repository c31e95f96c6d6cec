/* SPDX-License-Identifier: Apache-2.0 */
#include <beacon/sandbox.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/spawn.h"
#include "base/text.h"
#include "plugin/sandbox_backend.h"
#include "sandbox/answers.h"
#include "sandbox/hold.h"
#include "sandbox/net_proxy.h"
#include "sandbox/net_session.h"
#include "sandbox/plan.h"
#include "sandbox/sandbox_parts.h"

#define SENTENCE_BYTES 1024

struct sandbox_run {
    void *cookie;
    struct net_door *door;          /* NULL: the network is no allow-list */
    struct supervisor_watch *watch; /* NULL: none of its calls wait */
};

static struct beacon_str str_of(const char *s)
{
    return (struct beacon_str){s, strlen(s)};
}

static size_t count_strings(const char *const *list)
{
    size_t n = 0;
    while (list[n] != NULL) {
        n++;
    }
    return n;
}

static struct beacon_str *spans_of(const char *const *argv, size_t n)
{
    struct beacon_str *spans = alloc_array(n + 1, sizeof *spans);
    for (size_t i = 0; i < n; i++) {
        spans[i] = str_of(argv[i]);
    }
    return spans;
}

static struct beacon_kv *variables_of(const char *const *env, size_t n)
{
    struct beacon_kv *variables = alloc_array(n + 1, sizeof *variables);
    for (size_t i = 0; i < n; i++) {
        size_t name = strcspn(env[i], "=");
        const char *value = env[i][name] == '=' ? env[i] + name + 1 : "";
        variables[i] = (struct beacon_kv){{env[i], name}, str_of(value)};
    }
    return variables;
}

/* So that a program can tell why it has no network. */
static void mark_environment(const struct sandbox *sandbox, const struct beacon_plan *plan)
{
    if (sandbox_is_unrestricted(sandbox)) {
        return;
    }
    (void)plan->env_set(plan, str_of("BEACON_SANDBOX"), str_of(sandbox_backend_label(sandbox)));
    net_session_mark(sandbox->network, plan);
    if (!sandbox->has_network && sandbox->network == NULL) {
        (void)plan->env_set(plan, str_of("CODEX_SANDBOX_NETWORK_DISABLED"), str_of("1"));
    }
}

static int check_promise(const struct sandbox *sandbox, const struct plan *plan,
                         struct beacon_error *err)
{
    uint32_t missing = sandbox->policy.require & ~plan_promised(plan);
    if (missing == 0) {
        return BEACON_OK;
    }
    if ((missing & sandbox->admin_require) != 0) {
        return sandbox_refuse_admin(sandbox->admin_where, sandbox_backend_label(sandbox),
                                    missing & sandbox->admin_require, err);
    }
    AUTO_TEXT struct text names;
    text_init(&names, SENTENCE_BYTES);
    (void)plan_name_promises(missing, &names);
    return error_set(err, BEACON_E_REFUSED,
                     "see 'beacon sandbox explain', or choose another backend",
                     "sandbox backend %s does not promise what this mode needs: %s",
                     sandbox_backend_label(sandbox), text_string(&names));
}

int sandbox_prepare(struct sandbox *sandbox, const struct sandbox_command *command,
                    struct plan *plan, void **ret_cookie, struct beacon_error *err)
{
    void *cookie = NULL;
    size_t argc = count_strings(command->argv), n_env = count_strings(command->env);
    AUTO_FREE struct beacon_str *argv = spans_of(command->argv, argc);
    AUTO_FREE struct beacon_kv *env = variables_of(command->env, n_env);
    const struct beacon_exec exec = {
        .struct_size = sizeof exec,
        .flags = command->is_terminal ? BEACON_EXEC_TTY : 0,
        .argv = argv,
        .argc = argc,
        .env = env,
        .n_env = n_env,
    };
    int rc = sandbox_backend_prepare(sandbox->backend, &sandbox->policy, &exec, plan_builder(plan),
                                     &cookie, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    rc = check_promise(sandbox, plan, err);
    if (rc != BEACON_OK) {
        sandbox_backend_release(sandbox->backend, cookie);
        return rc;
    }
    mark_environment(sandbox, plan_builder(plan));
    *ret_cookie = cookie;
    return BEACON_OK;
}

static bool is_kind(int fd, mode_t kind)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

static bool is_local_socket(int fd)
{
    int domain = 0;
    socklen_t n = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == AF_UNIX;
}

/* Through a directory everything beneath it can be opened, and a network socket can be connected
 * anew: as input they become /dev/null. */
static int safe_input(const struct sandbox *sandbox, int fd)
{
    bool is_unsafe = is_kind(fd, S_IFDIR) || is_kind(fd, S_IFSOCK);
    return is_unsafe && !sandbox_is_unrestricted(sandbox) ? -1 : fd;
}

/* Output is not thrown away in silence. A caller may well read it from a local socket. */
static int check_output(const struct sandbox *sandbox, int fd, struct beacon_error *err)
{
    bool is_unsafe = is_kind(fd, S_IFDIR) || (is_kind(fd, S_IFSOCK) && !is_local_socket(fd));
    if (!is_unsafe || sandbox_is_unrestricted(sandbox)) {
        return BEACON_OK;
    }
    return error_set(err, BEACON_E_REFUSED, "send the output through a pipe: … | cat",
                     "the command's output is a directory or a network socket, through which it "
                     "could leave the sandbox");
}

/* The child's own words are about an operation number; people get its name. */
static int explain_failure(const struct sandbox *sandbox, const struct plan *plan,
                           const struct spawn_failure *failure, int rc, struct beacon_error *err)
{
    if (failure->stage != SPAWN_STAGE_PREPARE) {
        return rc;
    }
    if (failure->os_errno == E2BIG) { /* Landlock's only reason for it */
        return error_set_errno(err, BEACON_E_REFUSED, E2BIG, "start it outside of one of them",
                               "the command is inside too many sandboxes already: Landlock takes "
                               "no more than 16, one in another");
    }
    AUTO_TEXT struct text name;
    text_init(&name, SENTENCE_BYTES);
    (void)plan_name_operation(plan, failure->index, &name);
    return error_set_errno(err, BEACON_E_REFUSED, failure->os_errno,
                           "the command was not started; see 'beacon sandbox explain'",
                           "sandbox backend %s: operation %d, cannot %s: %s",
                           sandbox_backend_label(sandbox), failure->index, text_string(&name),
                           strerror(failure->os_errno));
}

/* Inside, the path leads through other mounts: it is entered there only when it is this directory. */
static int open_directory(const struct sandbox *sandbox, const char *path, int *ret,
                          struct beacon_error *err)
{
    const bool is_ours = sandbox->cwd_fd >= 0 && strcmp(path, sandbox->cwd) == 0;
    AUTO_CLOSE int opened = is_ours ? -1 : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int from = is_ours ? sandbox->cwd_fd : opened;
    const int fd = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, SPAWN_FD_FLOOR);
    if (fd < 0) {
        return error_set_errno(err, errno == EACCES ? BEACON_E_REFUSED : BEACON_E_NOT_FOUND, errno,
                               "name a directory that exists and that you may enter",
                               "cannot enter the working directory %s: %s", path, strerror(errno));
    }
    *ret = fd;
    return BEACON_OK;
}

static int spawn_planned(struct sandbox *sandbox, const struct sandbox_command *command,
                         struct plan *plan, struct spawn_child *ret_child, struct beacon_error *err)
{
    struct spawn_failure failure = {0};
    struct spawn_request request = {
        .argv = plan_argv(plan, command->argv),
        .env = plan_env(plan, command->env),
        .cwd = command->cwd != NULL ? command->cwd : sandbox->cwd,
        .in_fd = safe_input(sandbox, command->in_fd),
        .out_fd = command->out_fd,
        .err_fd = command->err_fd,
        .is_terminal = command->is_terminal,
        .shares_terminal = command->shares_terminal,
    };
    plan_equip(plan, &request);
    AUTO_CLOSE int cwd_fd = -1;
    int rc = check_output(sandbox, command->out_fd, err);
    if (rc == BEACON_OK) {
        rc = check_output(sandbox, command->err_fd, err);
    }
    if (rc == BEACON_OK && request.space != NULL) {
        rc = open_directory(sandbox, request.cwd, &cwd_fd, err);
        request.cwd_fd = cwd_fd;
    }
    request.is_kept = request.space == NULL && !sandbox_is_unrestricted(sandbox);
    if (rc != BEACON_OK) {
        return rc;
    }
    rc = spawn_start(&request, ret_child, &failure, err);
    return rc == BEACON_OK ? rc : explain_failure(sandbox, plan, &failure, rc, err);
}

/* A command whose way out nobody serves would wait for ever. */
static int open_door(struct sandbox *sandbox, struct plan *plan, struct spawn_child *child,
                     struct net_door **ret, struct beacon_error *err)
{
    int unused = 0;
    *ret = net_session_open(sandbox->network, plan_take_sent(plan, PLAN_SENT_LISTENER));
    if (sandbox->network == NULL || *ret != NULL) {
        return BEACON_OK;
    }
    spawn_kill(child);
    spawn_reap(child, &unused);
    return error_set(err, BEACON_E_REFUSED, "see 'beacon sandbox explain'",
                     "sandbox backend %s promised an allow-list of hosts and opened no way to it",
                     sandbox_backend_label(sandbox));
}

/* Its calls would fail one by one, in ways that no program explains. */
static int answer_calls(struct sandbox *sandbox, struct plan *plan, void *cookie,
                        struct spawn_child *child, struct supervisor_watch **ret,
                        struct beacon_error *err)
{
    int unused = 0;
    int rc = answers_begin(sandbox, plan, cookie, ret, err);
    if (rc != BEACON_OK) {
        spawn_kill(child);
        spawn_reap(child, &unused);
    }
    return rc;
}

int sandbox_start(struct sandbox *sandbox, const struct sandbox_command *command,
                  struct sandbox_run **ret_run, struct spawn_child *ret_child,
                  struct beacon_error *err)
{
    void *cookie = NULL;
    struct net_door *door = NULL;
    struct supervisor_watch *watch = NULL;
    int rc = net_session_check(sandbox->network, err);
    rc = rc == BEACON_OK ? sandbox_hold_begin(sandbox, err) : rc;
    if (rc != BEACON_OK) {
        return rc;
    }
    struct plan *plan = plan_create();
    rc = sandbox_prepare(sandbox, command, plan, &cookie, err);
    if (rc == BEACON_OK) {
        rc = spawn_planned(sandbox, command, plan, ret_child, err);
        rc = rc == BEACON_OK ? open_door(sandbox, plan, ret_child, &door, err) : rc;
        rc = rc == BEACON_OK ? answer_calls(sandbox, plan, cookie, ret_child, &watch, err) : rc;
        if (rc != BEACON_OK) {
            sandbox_backend_release(sandbox->backend, cookie);
        }
    }
    plan_destroy(plan);
    if (rc != BEACON_OK) {
        net_door_close(door);
        sandbox_hold_end(sandbox, NULL);
        return rc;
    }
    *ret_run = alloc_zeroed(sizeof **ret_run);
    (*ret_run)->cookie = cookie;
    (*ret_run)->door = door;
    (*ret_run)->watch = watch;
    return BEACON_OK;
}

static beacon_rc put_text(const struct beacon_sink *sink, const void *p, size_t n)
{
    return text_add(sink->ctx, p, n) ? BEACON_OK : BEACON_E_LIMIT;
}

static void diagnose(struct sandbox *sandbox, const struct sandbox_run *run, int wait_status,
                     struct beacon_bytes tail, struct text *diagnosis)
{
    size_t before = diagnosis->len;
    const struct beacon_sink sink = {.struct_size = sizeof sink, .ctx = diagnosis, .put = put_text};
    int rc = sandbox_backend_diagnose(sandbox->backend, run->cookie, wait_status, tail, &sink);
    if (rc != BEACON_OK && diagnosis->len > before) {
        diagnosis->len = before;
        diagnosis->data[before] = '\0';
    }
}

void sandbox_finish(struct sandbox *sandbox, struct sandbox_run *run, int wait_status,
                    const char *tail, size_t tail_len, struct text *diagnosis)
{
    if (run == NULL) {
        return;
    }
    if (diagnosis != NULL) {
        struct beacon_bytes bytes = {(const uint8_t *)tail, tail_len};
        diagnose(sandbox, run, wait_status, bytes, diagnosis);
        if (run->door != NULL) {
            net_door_explain(run->door, diagnosis);
        }
    }
    net_door_close(run->door);
    answers_end(sandbox, run->watch, run->cookie);
    sandbox_hold_end(sandbox, diagnosis);
    free(run);
}
