/* wire_budget.h - [budget] of the configuration, as the agent wants it. Thread: [main]. */
#ifndef HOST_CLI_WIRE_BUDGET_H
#define HOST_CLI_WIRE_BUDGET_H

#include <beacon/error.h>

struct budget_limits;
struct config;
struct wire;

/* BEACON_E_INVALID: an amount of money that is none. */
int wire_budget_read(const struct config *config, struct budget_limits *ret,
                     struct beacon_error *err);

/* Fill wire->budget. After provider_settings and the chain of models are there; BEACON_E_INVALID also when
 * money is limited and nobody knows what one of the models costs. */
int wire_budget_open(struct wire *wire, struct beacon_error *err);

#endif
