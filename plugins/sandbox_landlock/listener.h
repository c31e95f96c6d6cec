/* listener.h - can a filter of a command have its calls answered? */
#ifndef SANDBOX_LANDLOCK_LISTENER_H
#define SANDBOX_LANDLOCK_LISTENER_H

#include <stdbool.h>

/* Not when a filter around this process has a listener already: there is one for all of them. Tries it
 * in a child when this process has any filter. Thread: [worker]. */
bool listener_is_possible(void);

#endif
