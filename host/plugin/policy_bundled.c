/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/path.h"
#include "plugin/policy_parts.h"
#include "plugin/root_owned.h"

/* Does the list name a folder that holds this one? Then it is meant, whoever owns it. */
static bool is_named(const struct policy_list *list, const char *folder)
{
    for (size_t i = 0; i < list->n; i++) {
        const char *source = list->items[i].text;
        if (source[0] == '/' && path_is_beneath(folder, source)) {
            return true;
        }
    }
    return false;
}

int plugin_policy_judge_bundled(const struct plugin_policy *policy, const char *folder,
                                struct beacon_error *err)
{
    const struct policy_list *decides = NULL;
    for (size_t i = 0; policy != NULL && decides == NULL && i < policy->n_files; i++) {
        const struct policy_list *list = policy_list_of(policy, i, POLICY_SOURCES);
        decides = list != NULL && !is_named(list, folder) ? list : NULL;
    }
    AUTO_FREE char *real = decides != NULL ? realpath(folder, NULL) : NULL;
    AUTO_CLOSE int fd = -1;
    if (real == NULL || root_owned_folder(real, &fd, NULL) == BEACON_OK) {
        return BEACON_OK;
    }
    return error_set(err, BEACON_E_POLICY,
                     "use the beacon that the administrator installed, or ask for this folder in "
                     "`sources`",
                     "others than root can change %s, so it is not what the policy calls bundled "
                     "(%s)",
                     folder, decides->where);
}
