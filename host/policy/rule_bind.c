/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rule_bind.h"

#include <string.h>

static size_t find_parameter(const struct rule_signature *signature, const char *keyword)
{
    size_t i = 0;
    while (i < signature->n && strcmp(signature->parameters[i], keyword) != 0) {
        i++;
    }
    return i;
}

static bool check_kind(const struct rule_signature *signature, size_t i,
                       const struct rule_value *value, struct rule_fault *fault)
{
    static const char *const types[] = {[RULE_STRING] = "string", [RULE_LIST] = "list"};
    return value->kind == signature->kinds[i] ||
           rule_fault(fault, value->place,
                      "Type of parameter `%s` doesn't match, expected `%s`, actual `%s`",
                      signature->parameters[i], types[signature->kinds[i]], rule_value_type(value));
}

static bool bind_one(const struct rule_signature *signature, const struct rule_argument *argument,
                     size_t position, struct rule_bound *ret, struct rule_fault *fault)
{
    const struct rule_value *value = &argument->value;
    size_t i = argument->keyword != NULL ? find_parameter(signature, argument->keyword) : position;
    if (i >= signature->n) {
        return argument->keyword != NULL
                   ? rule_fault(fault, value->place,
                                "Found `%s` extra named parameter(s) for call "
                                "to `%s`",
                                argument->keyword, signature->name)
                   : rule_fault(fault, value->place,
                                "Found extra positional argument(s) for call to `%s`",
                                signature->name);
    }
    if (ret->values[i] != NULL) {
        return rule_fault(fault, value->place, "Argument `%s` occurs more than once",
                          signature->parameters[i]);
    }
    ret->values[i] = value;
    bool is_absent = value->kind == RULE_NONE && i >= signature->n_required;
    return is_absent || check_kind(signature, i, value, fault);
}

bool rule_bind(const struct rule_signature *signature, const struct rule_call *call,
               struct rule_bound *ret, struct rule_fault *fault)
{
    *ret = (struct rule_bound){{NULL}};
    for (size_t i = 0; i < call->n; i++) {
        if (!bind_one(signature, &call->arguments[i], i, ret, fault)) {
            return false;
        }
    }
    for (size_t i = 0; i < signature->n; i++) {
        if (i < signature->n_required && ret->values[i] == NULL) {
            return rule_fault(fault, call->place, "Missing parameter `%s` for call to `%s`",
                              signature->parameters[i], signature->name);
        }
        if (ret->values[i] != NULL && ret->values[i]->kind == RULE_NONE) {
            ret->values[i] = NULL;
        }
    }
    return true;
}
