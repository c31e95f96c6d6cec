/* amend.h - "allow this from now on": one more rule in $CODE_HOME/rules/default.rules.
 *
 * Called when a person accepted a proposed prefix. Thread: [main]; the file is locked, so several
 * processes may amend it.
 */
#ifndef HOST_POLICY_AMEND_H
#define HOST_POLICY_AMEND_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

#define AMEND_FILE "rules/default.rules" /* in CODE_HOME */

/* May these `n` words be offered as a prefix? Not a shell, an interpreter, sudo, env, rm, git alone and
 * whatever else would allow everything. */
bool amend_may_offer(const char *const *prefix, size_t n);

/* Append prefix_rule(pattern=[…], decision="allow") to the file below `home`, which is made with its
 * folder when absent. A line that is there already is not added again. BEACON_E_REFUSED: never offered;
 * _IO: the file cannot be written; _INVALID: a word is no UTF-8. */
int amend_append(const char *home, const char *const *prefix, size_t n, struct beacon_error *err);

#endif
