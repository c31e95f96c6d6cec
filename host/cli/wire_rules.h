/* wire_rules.h - the command rules of a session: the user's, those of a trusted project, the admin's, and
 * what the configuration always allows in this project. Used by wire.c. Thread: [main].
 */
#ifndef HOST_CLI_WIRE_RULES_H
#define HOST_CLI_WIRE_RULES_H

#include <beacon/error.h>
#include <stddef.h>

struct rules;
struct text;
struct wire_start;

/* Read them all. A file that cannot be used is no failure: it is a problem of the rules, and every
 * command needs approval. INVALID: always_allow_commands is wrong. *ret is the caller's. */
int wire_rules_open(const struct wire_start *start, struct rules **ret, struct beacon_error *err);

/* One sentence for the person about the i-th problem; `out` is appended to. */
void wire_rules_describe(const struct rules *rules, size_t i, struct text *out);

#endif
