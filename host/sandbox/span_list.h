/* span_list.h - a list of strings as the ABI wants it, with copies of the strings. Thread: [main]. */
#ifndef HOST_SANDBOX_SPAN_LIST_H
#define HOST_SANDBOX_SPAN_LIST_H

#include <beacon/plugin.h>
#include <stddef.h>

struct span_list {
    struct beacon_str *spans; /* each NUL-terminated */
    size_t n;
};

void span_list_add(struct span_list *list, const char *from); /* a zeroed list is an empty one */
void span_list_finish(struct span_list *list);

#endif
