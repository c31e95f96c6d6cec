/* denial.h - did the sandbox stop a command? Where the backend does not know, a guess from how it ended:
 * good enough to ask a person whether to repeat it outside, never to do so. Thread: [any], pure.
 */
#ifndef HOST_TOOLS_DENIAL_H
#define HOST_TOOLS_DENIAL_H

#include <stdbool.h>
#include <stddef.h>

/* `exit_code` is 128 + signal for one that a signal ended; `diagnosis` is the backend's word, or "". */
bool denial_is_likely(int exit_code, const char *output, size_t n, const char *diagnosis);

#endif
