/* incident.h - plugins that hang or crash: who it was, counted in the quarantine, told to the person.
 *
 * Wherever a plugin does not answer a cancel in time, the caller leaves its thread alone, calls
 * incident_hang() and shows the sentence as a warning. Crashes are counted by the start that follows.
 * Thread: [main] for incident_begin() and incident_know(), [any] for the rest.
 */
#ifndef HOST_PLUGIN_INCIDENT_H
#define HOST_PLUGIN_INCIDENT_H

#include <beacon/error.h>

#include "base/crash.h"

#define INCIDENT_SENTENCE_BYTES 512

struct plugin_set; /* discover.h */

/* From now on incidents are counted in `home` (NULL: not at all). What crashed since the last start
 * is counted now: call it before quarantine_load(). An error is one to warn of: the work can go on. */
int incident_begin(const char *home, struct beacon_error *err);

/* Remember the version of each usable plugin; copies. NULL forgets. */
void incident_know(const struct plugin_set *set);

/* "plugin com.x did not answer a cancel in stream() within 250 ms …", with how often it did that and
 * what the person can do, into `out`; and one more incident in the quarantine. */
void incident_hang(const char *plugin_id, const char *slot, unsigned limit_ms,
                   char out[INCIDENT_SENTENCE_BYTES]);

/* For crash_install(): the breadcrumb of this thread with the version of its plugin. */
struct crash_place incident_place(void);

#endif
