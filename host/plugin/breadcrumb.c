/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/breadcrumb.h"

_Thread_local struct breadcrumb breadcrumb_now;
_Thread_local uint32_t breadcrumb_calls;

struct breadcrumb_view breadcrumb_view(void)
{
    return (struct breadcrumb_view){.now = &breadcrumb_now, .calls = &breadcrumb_calls};
}

struct breadcrumb breadcrumb_look(struct breadcrumb_view view, uint32_t *ret_call)
{
    struct breadcrumb seen;
    *ret_call = __atomic_load_n(view.calls, __ATOMIC_RELAXED);
    seen.plugin_id = __atomic_load_n(&view.now->plugin_id, __ATOMIC_RELAXED);
    seen.slot = __atomic_load_n(&view.now->slot, __ATOMIC_RELAXED);
    return seen;
}
