/* rule_bind.h - the arguments of a call by parameter, as Starlark binds them. Thread: [pure]. */
#ifndef HOST_POLICY_RULE_BIND_H
#define HOST_POLICY_RULE_BIND_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/rule_text.h"

#define RULE_PARAMETERS_MAX 5

struct rule_signature {
    const char *name;
    const char *parameters[RULE_PARAMETERS_MAX];
    enum rule_value_kind kinds[RULE_PARAMETERS_MAX]; /* RULE_STRING or RULE_LIST */
    size_t n, n_required;
};

struct rule_bound {
    const struct rule_value *values[RULE_PARAMETERS_MAX]; /* NULL: not given, or None */
};

/* False with a fault: something is missing, too much, twice or of another type. */
bool rule_bind(const struct rule_signature *signature, const struct rule_call *call,
               struct rule_bound *ret, struct rule_fault *fault);

#endif
