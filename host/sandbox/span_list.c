/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/span_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void span_list_add(struct span_list *list, const char *from)
{
    list->spans = alloc_grow(list->spans, list->n + 1, sizeof *list->spans);
    list->spans[list->n++] = (struct beacon_str){alloc_string(from), strlen(from)};
}

void span_list_finish(struct span_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free((char *)list->spans[i].p);
    }
    free(list->spans);
    *list = (struct span_list){0};
}
