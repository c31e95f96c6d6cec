/* countdown.h - the seconds until something happens, on a terminal's last line, which is erased again.
 *
 * Anything else that writes to standard error calls countdown_stop() first. Thread: [main].
 */
#ifndef HOST_CLI_COUNTDOWN_H
#define HOST_CLI_COUNTDOWN_H

#include <stdint.h>

struct countdown;
struct loop;

struct countdown *countdown_create(struct loop *loop);
void countdown_destroy(struct countdown *countdown); /* NULL is fine */

/* "  trying again in 12 s", then 11 and so on. */
void countdown_start(struct countdown *countdown, uint64_t ms);
void countdown_stop(struct countdown *countdown); /* also when none runs; NULL is fine */

#endif
