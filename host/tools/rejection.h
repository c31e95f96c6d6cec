/* rejection.h - the words in which a model is told that its command was not run. Thread: [any]. */
#ifndef HOST_TOOLS_REJECTION_H
#define HOST_TOOLS_REJECTION_H

#include <stdbool.h>

#define REJECTED_BY_USER "rejected by user"
#define REJECTED_ESCALATION                                                                         \
    "approval policy is Never; reject command — you cannot ask for escalated permissions if the " \
    "approval policy is Never"

/* `why` in the frame that models know from exec_command, or with is_classic from the older tools.
 * The caller's to free. */
char *rejection_text(bool is_classic, const char *why);

#endif
