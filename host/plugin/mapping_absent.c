/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/error.h"
#include "base/path.h"
#include "plugin/mapping.h"

int mapping_check_possible(const char *file, struct beacon_error *err)
{
    return error_set(err, BEACON_E_UNSUPPORTED,
                     "use a static plugin, or a beacon that was built with BEACON_DLOPEN=ON",
                     "%s cannot be used: this program has its plugins inside and loads no files",
                     file);
}

int mapping_open(struct trusted_file *file, const char *path, bool is_pinned, void **ret,
                 struct beacon_error *err)
{
    (void)file;
    (void)is_pinned;
    (void)ret;
    return mapping_check_possible(path_base(path), err);
}

beacon_plugin_entry_fn mapping_entry(void *handle)
{
    (void)handle;
    return NULL;
}
