/* sandbox.h - the one sandbox of a session: which backend confines commands, and where they may write.
 *
 * Owns the policy, the chosen backend's instance and O_PATH descriptors of the writable roots. The
 * tools start every command through sandbox_start(). Fail closed: what cannot be enforced as asked
 * is refused with the reason and the remedy, never run with less.
 *
 * The backend's prepare() is called directly on the loop thread, not on a worker: the bundled backends
 * only make system calls that do not wait, and a hop to a worker would cost more than the call.
 * Thread: [main].
 */
#ifndef HOST_SANDBOX_SANDBOX_H
#define HOST_SANDBOX_SANDBOX_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct plugin_set;
struct spawn_child;
struct text;
struct sandbox;
struct sandbox_run;

enum sandbox_mode {
    SANDBOX_READ_ONLY,
    SANDBOX_WORKSPACE_WRITE,
    SANDBOX_DANGER_FULL_ACCESS,
};

enum sandbox_network { SANDBOX_NETWORK_OFF, SANDBOX_NETWORK_ALLOW_LIST, SANDBOX_NETWORK_ON };

/* How much of .git may be written; the code git would run later is writable in WRITABLE only. */
enum sandbox_git { SANDBOX_GIT_SAFE, SANDBOX_GIT_PROTECTED, SANDBOX_GIT_WRITABLE };

struct sandbox_settings {
    enum sandbox_mode mode;
    const char
        *backend;    /* "auto" or the name of a component: "namespaces", "landlock", "none", … */
    const char *cwd; /* of the session, never of a call: the first writable root */
    const char *const *writable_roots; /* ~ and $VAR already expanded; a missing one is left out */
    size_t n_writable_roots;
    enum sandbox_git git;
    enum sandbox_network network; /* to other hosts */
    bool has_no_loopback;         /* connections within the sandbox are off too */
    const char *const *network_allow, *const *network_deny; /* "host", "*.host", "host:port" */
    size_t n_network_allow, n_network_deny;
    const char *const *unix_sockets; /* paths that may be connected to, wherever they are */
    size_t n_unix_sockets;
    bool exclude_tmpdir;    /* $TMPDIR is no root */
    bool exclude_slash_tmp; /* /tmp is no root */
    const char *home; /* CODE_HOME: its auth.json is unreadable where the backend can; or NULL */
    /* ALLOW_LIST: what serves the commands, and who hears of the first refusal of a host by each. Without a
     * loop no command is started. */
    struct loop *loop;
    void (*on_refused_host)(void *ctx, const char *host, uint16_t port, const char *reason);
    void *on_refused_host_ctx;
    uint32_t admin_require;  /* BEACON_SB_* every plan must promise, whatever the mode; 0 = none */
    const char *admin_where; /* file:line of the policy that says so */
    /* Take the strongest backend without a probe, for who starts a command right away: the start itself
     * is the proof. When it fails, make the sandbox anew without this. Every plan still has to promise
     * what the mode requires. Without effect when the admin requires something. */
    bool is_hurried;
};

/* Chooses and probes the backend. In danger-full-access that is "none", whatever `backend` says.
 * BEACON_E_REFUSED when no backend can enforce the mode, with the reason and the remedy. POLICY: what
 * the admin requires cannot be had in this mode, from this backend or on this machine; one command
 * is planned to know. Everything in `settings` is copied. `plugins` must outlive *ret. */
int sandbox_create(struct plugin_set *plugins, const struct sandbox_settings *settings,
                   struct sandbox **ret, struct beacon_error *err);
void sandbox_destroy(struct sandbox *sandbox); /* after every run is finished; NULL is fine */

const char *sandbox_backend_label(const struct sandbox *sandbox); /* "landlock", for the banner */
bool sandbox_is_unrestricted(const struct sandbox *sandbox);      /* danger-full-access */
bool sandbox_is_read_only(const struct sandbox *sandbox);

struct sandbox_command {
    const char *const *argv; /* NULL-terminated; all borrowed for the call */
    const char *const *env;
    const char *cwd;           /* of this call; NULL: the session's */
    int in_fd, out_fd, err_fd; /* borrowed; -1 = /dev/null; a directory or socket is no stdin */
    bool is_terminal;          /* in_fd is a pty slave, to be the controlling terminal */
    bool shares_terminal;      /* it may use the person's terminal, which the caller lends it */
};

/* Start one confined command. *ret_run is given to sandbox_finish() once, after the child was had by
 * spawn_reap(). A set-up step that fails is BEACON_E_REFUSED with a sentence that names
 * the step and the errno; nothing is left running then. */
int sandbox_start(struct sandbox *sandbox, const struct sandbox_command *command,
                  struct sandbox_run **ret_run, struct spawn_child *ret_child,
                  struct beacon_error *err);

/* The command is over: its wait status was had from spawn_reap(). `tail` is the end of its output; when the backend can tell from it that
 * something was denied, a sentence for the model is added to `diagnosis` (may be NULL; may stay
 * empty). A NULL run is fine. */
void sandbox_finish(struct sandbox *sandbox, struct sandbox_run *run, int wait_status,
                    const char *tail, size_t tail_len, struct text *diagnosis);

/* End what is kept running between commands, and is a child of this process: before all its children are
 * looked at. The next command starts it again. */
void sandbox_rest(struct sandbox *sandbox);

/* Writable roots for the tools that write by themselves: canonical, existing directories, held open
 * with O_PATH. None in read-only; none in danger-full-access either (ask sandbox_is_unrestricted). */
size_t sandbox_root_count(const struct sandbox *sandbox);
const char *sandbox_root_path(const struct sandbox *sandbox, size_t index);
int sandbox_root_fd(const struct sandbox *sandbox, size_t index);

/* Writable roots that were asked for and are none, as "/dir is not writable: it is no directory"; NULL
 * behind the last. For people: a session goes on without them. */
const char *sandbox_root_left_out(const struct sandbox *sandbox, size_t index);

/* Tools of the agent that read or write files by themselves ask here, after they have resolved `path`
 * (absolute, without links): the same policy as for commands. BEACON_E_REFUSED with a sentence that
 * names the rule. Unrestricted mode: always BEACON_OK. */
int sandbox_check_write(const struct sandbox *sandbox, const char *path, struct beacon_error *err);
int sandbox_check_read(const struct sandbox *sandbox, const char *path, struct beacon_error *err);

/* What the plan of an ordinary command promises: BEACON_SB_*. */
int sandbox_promise(struct sandbox *sandbox, uint32_t *ret, struct beacon_error *err);

/* What one command would go through, for `beacon sandbox explain`: operations, promises, notes. */
int sandbox_explain(struct sandbox *sandbox, struct text *out, struct beacon_error *err);

#endif
