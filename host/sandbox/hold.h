/* hold.h - what is done to the file system around each command: names are looked up and covered.
 *
 * Thread: [main].
 */
#ifndef HOST_SANDBOX_HOLD_H
#define HOST_SANDBOX_HOLD_H

struct beacon_error;
struct sandbox;
struct text;

/* Before a command is planned: look up what is protected and cover the names that are missing, when the
 * backend can mount. One sandbox_hold_end() for each success; after a failure nothing is held. */
int sandbox_hold_begin(struct sandbox *sandbox, struct beacon_error *err);

/* The command is over, or was not started. What it planted where a cover could not be is put out of
 * use and told in `diagnosis` (may be NULL). */
void sandbox_hold_end(struct sandbox *sandbox, struct text *diagnosis);

/* Make the rules of the policy from the places. */
void sandbox_hold_update_rules(struct sandbox *sandbox);

#endif
