/* incident_line.h - one line that the crash handler left for the next start (base/crash.h). Private to
 * incident.c. Thread: [any].
 */
#ifndef HOST_PLUGIN_INCIDENT_LINE_H
#define HOST_PLUGIN_INCIDENT_LINE_H

#include <stdbool.h>

#include "plugin/quarantine.h"

#define INCIDENT_UNKNOWN_VERSION "?" /* a line has no empty words */
#define INCIDENT_REASON_BYTES    64

/* "1 SIGSEGV 1700000000 com.acme.llm 1.0.0 on_frame", words without blanks. False: torn or foreign, it
 * counts for nothing. `line` is cut into the strings of *ret, `reason` is behind ret->reason. */
bool incident_line_parse(char *line, char reason[INCIDENT_REASON_BYTES],
                         struct quarantine_entry *ret);

#endif
