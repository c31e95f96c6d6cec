/* plugin_lock_report.h - how two locks differ, for a person and for a program. Thread: [main]. */
#ifndef HOST_CLI_PLUGIN_LOCK_REPORT_H
#define HOST_CLI_PLUGIN_LOCK_REPORT_H

#include <stdbool.h>
#include <stddef.h>

struct plugin_lock;
struct plugin_set;
struct text;

/* What is compared, and what the words are about. */
struct lock_comparison {
    const struct plugin_lock *before; /* the lock as it is */
    const struct plugin_lock *after;  /* the plugins as they are */
    const char *platform;             /* NULL: all of them */
    const struct plugin_set *set;     /* knows why a plugin cannot be used; may be NULL */
    bool is_verify; /* a plugin that is in no lock is told, but is no difference */
};

/* A line each, what a plugin may do first; returns how many differences there are. */
size_t plugin_lock_report_text(const struct lock_comparison *comparison, struct text *out);

/* The same as one object; docs/plugin-policy.md has its keys. */
size_t plugin_lock_report_json(const struct lock_comparison *comparison, struct text *out);

#endif
