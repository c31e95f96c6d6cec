/* session_cost.h - what `beacon session cost` prints. Thread: [main]. */
#ifndef HOST_CLI_SESSION_COST_H
#define HOST_CLI_SESSION_COST_H

#include <stdbool.h>

struct cost_report;
struct text;

/* False: over the cap of `out`. */
bool session_cost_text(const struct cost_report *report, struct text *out);
bool session_cost_json(const struct cost_report *report, struct text *out);

#endif
