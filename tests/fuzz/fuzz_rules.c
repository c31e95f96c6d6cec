/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "policy/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes are rules, or are refused with file, line and column; and rules can be asked. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const argv[] = {"/usr/bin/git", "push", NULL};
    struct beacon_error err = {0};
    struct rules *rules = rules_create();
    if (rules_add_text(rules, "f", (const char *)data, size, RULE_USER, &err) != BEACON_OK) {
        assert(rules_count(rules) == 0 && rules_network_count(rules) == 0);
        assert(rules_problem_count(rules) == 1 && err.hint[0] != '\0');
        assert(strncmp(rules_problem(rules, 0).cause, "f:", 2) == 0);
    } else {
        assert(rules_problem_count(rules) == 0);
    }
    (void)json_object_put(rules_check(rules, argv, true));
    rules_destroy(rules);
    return 0;
}
