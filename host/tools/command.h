/* command.h - one process of the model: started in the sandbox, its output kept in bounded memory.
 *
 * Owned by the command table of the session, because a command may outlive the call that started it
 * (a server, a long build). It leads its own process group; on a timeout and when the session ends
 * the whole group is killed, and whatever escaped from the group is swept. Emits the COMMAND events.
 * Thread: [main].
 */
#ifndef HOST_TOOLS_COMMAND_H
#define HOST_TOOLS_COMMAND_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMMANDS_MAX      64 /* running at once in one session */
#define EXIT_CODE_TIMEOUT 124

struct command;
struct command_table;
struct output_limit;
struct sandbox;
struct tool_context;

struct command_table *command_table_create(void);

/* Output that does not fit into memory goes to a file beneath `folder`, in one named like the session;
 * see output_spill.h. Without this call it is cut. */
void command_table_spill_to(struct command_table *table, const char *folder, const char *session);

/* Kill and reap every descendant of this process but the children it had when the table was made.
 * NULL is fine. */
void command_table_destroy(struct command_table *table);

struct command_request {
    const char *const *argv;
    const char *const *shown; /* what clients see instead of argv; NULL: argv itself */
    const char *cwd;
    const char *call_id;
    struct sandbox *sandbox; /* NULL: that of the session; outlives the command */
    bool has_terminal;       /* a pty of its own instead of a pipe; input by command_write() */
    uint64_t timeout_ms;     /* 0 = none */
};

/* Called once when the process has exited and its output is read; not from inside command_start. */
typedef void (*command_exit_fn)(void *ctx, struct command *command);

/* BEACON_E_REFUSED: the sandbox would not start it. BEACON_E_LIMIT: too many run already. *ret stays
 * in the table until command_release(). */
int command_start(struct tool_context *context, const struct command_request *request,
                  struct command **ret, struct beacon_error *err);

void command_on_exit(struct command *command, command_exit_fn fn, void *ctx); /* NULL fn: nobody */
void command_kill(struct command *command); /* SIGKILL to the group; the exit comes by the loop */

/* Nobody will ask for it again: it is forgotten once it has exited; its output, if a child still holds
 * it open, is drained quietly. */
void command_release(struct command *command);

/* NULL when there is none. Of those that exited unseen only the COMMANDS_MAX newest are kept. */
struct command *command_find(struct command_table *table, uint32_t id);
uint32_t command_id(const struct command *command);
bool command_has_exited(const struct command *command);
bool command_has_timed_out(const struct command *command);
int command_exit_code(const struct command *command);
uint64_t command_age_ns(const struct command *command); /* until the exit, or until now */
struct output_limit *command_fresh_output(struct command *command); /* since the last reset of it */
/* A file with everything the command wrote so far, to read what an answer leaves out; NULL: there is
 * none, because it cannot be written. *ret_missing bytes were too many for it. */
const char *command_spilled(struct command *command, uint64_t *ret_missing);
const char *command_diagnosis(const struct command *command); /* what the sandbox refused, or "" */

/* Type into the terminal of a command. BEACON_E_UNSUPPORTED when it has none. */
int command_write(struct command *command, const char *p, size_t n, struct beacon_error *err);

#endif
