/* quote.h - an argv as one line a person can paste into a POSIX shell. Thread: [pure]. */
#ifndef HOST_TOOLS_QUOTE_H
#define HOST_TOOLS_QUOTE_H

/* "/bin/bash -lc 'echo hi; exit 3'". NULL-terminated argv; the result is the caller's to free. */
char *quote_argv(const char *const *argv);

#endif
