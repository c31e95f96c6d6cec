/* rules.h - the command rules: what the `.rules` files of the user, a trusted project and the admin say,
 * and what the person allowed for this session.
 *
 * Owns every rule, borrowed by judgements only while they are made. A file that cannot be read or
 * understood is a problem that is kept: from then on nothing is allowed without asking (judge.h), so a
 * caller may go on after a failed rules_add_…() and must not fall back to fewer rules by itself.
 * Thread: [main].
 */
#ifndef HOST_POLICY_RULES_H
#define HOST_POLICY_RULES_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

#define RULES_FILE_MAX    (1u << 20) /* bytes of one file */
#define RULES_MAX         10000      /* rules of all files together */
#define RULES_FOLDER_MAX  256        /* files of one folder */
#define RULES_PROBLEM_MAX 4096       /* bytes of one problem's cause */

struct rules;
struct json_object;

/* Not in the order of strictness, see decision_stricter(): zero must never mean "allowed". */
enum decision {
    DECISION_NONE, /* nobody says anything: the approval policy and the sandbox decide */
    DECISION_ALLOW,
    DECISION_PROMPT,
    DECISION_FORBIDDEN,
};

enum rule_layer {
    RULE_USER,
    RULE_PROJECT, /* tightens only: an "allow" is reported and has no effect */
    RULE_ADMIN,
    RULE_SESSION, /* what the person said yes to; answers a "prompt", never a "forbidden" */
};

/* Why a file does not count, in full; `beacon_error` has room for the beginning only. Borrowed. */
struct rules_problem {
    const char *path;
    const char *cause; /* "FILE:line:col: …" for a file that was read */
    enum rule_layer layer;
    bool is_unread; /* it could not even be read */
};

/* One network_rule(), borrowed. It has no say about commands. */
struct rules_network {
    const char *host, *protocol, *justification; /* justification NULL: none */
    const char *where;                           /* "FILE:line" */
    enum rule_layer layer;
    enum decision decision; /* ALLOW, PROMPT or FORBIDDEN ("deny" is FORBIDDEN) */
};

struct rules *rules_create(void);
void rules_destroy(struct rules *rules); /* NULL is fine */

/* Read one file. BEACON_E_IO: it cannot be read; _INVALID, _LIMIT: it is not understood, the message is
 * "FILE:line:col: …". Either way it is a problem from now on and none of its rules counts. The admin's
 * file must be root's and writable by nobody else: BEACON_E_POLICY. */
int rules_add_file(struct rules *rules, const char *path, enum rule_layer layer,
                   struct beacon_error *err);

/* As if the file `path` had these `n` bytes. */
int rules_add_text(struct rules *rules, const char *path, const char *text, size_t n,
                   enum rule_layer layer, struct beacon_error *err);

/* Every `*.rules` of a folder in the order of their names; no folder, no rules. All files are looked
 * at; the result is the first problem. */
int rules_add_folder(struct rules *rules, const char *folder, enum rule_layer layer,
                     struct beacon_error *err);

/* Allow a command, or with is_prefix all that begin so. `argv` has `n` words and is copied. `where` says
 * whose decision it is ("approved for this session", "FILE:12"). False: more than RULES_MAX. */
bool rules_add_allowed(struct rules *rules, enum rule_layer layer, const char *where,
                       const char *const *argv, size_t n, bool is_prefix);

/* RULE_SESSION with the words of a command the person approved, or of a prefix. */
bool rules_add_session_prefix(struct rules *rules, const char *const *argv, size_t n,
                              bool is_prefix);

size_t rules_count(const struct rules *rules);
size_t rules_problem_count(const struct rules *rules);
struct rules_problem rules_problem(const struct rules *rules, size_t i);
size_t rules_network_count(const struct rules *rules);
struct rules_network rules_network(const struct rules *rules, size_t i);

/* `beacon execpolicy check`: {"matchedRules":[…],"decision":…} for `argv` taken literally (NULL-terminated,
 * at least one word), by every layer alike. The caller's to put. */
struct json_object *rules_check(const struct rules *rules, const char *const *argv,
                                bool resolves_host_executables);

/* The stricter of two: forbidden, prompt, none, allow. */
enum decision decision_stricter(enum decision a, enum decision b);
const char *decision_name(enum decision decision);  /* "allow", "prompt", "forbidden", "none" */
const char *rule_layer_name(enum rule_layer layer); /* "user", "project", "admin", "session" */

#endif
