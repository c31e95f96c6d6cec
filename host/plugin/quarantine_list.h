/* quarantine_list.h - the quarantine in memory: from an INI file and back to text. Private to
 * quarantine.c. Thread: one owner at a time.
 */
#ifndef HOST_PLUGIN_QUARANTINE_LIST_H
#define HOST_PLUGIN_QUARANTINE_LIST_H

#include "plugin/quarantine.h"

#define QUARANTINE_MAX 512 /* plugins; more than discovery looks at */

struct ini_file;
struct text;

struct quarantine {
    struct quarantine_entry *entries; /* own their strings */
    size_t n;
};

/* INVALID: "FILE:LINE: what". LIMIT: more than QUARANTINE_MAX. What is in `ret` is to be given to
 * quarantine_list_finish() either way. */
int quarantine_list_read(const struct ini_file *file, struct quarantine *ret,
                         struct beacon_error *err);
void quarantine_list_finish(struct quarantine *list);

struct quarantine_entry *quarantine_list_entry(const struct quarantine *list, const char *id);

/* Add or replace the entry of from->id with copies whose texts fit a line. LIMIT: the list is full. */
int quarantine_list_put(struct quarantine *list, const struct quarantine_entry *from,
                        struct beacon_error *err);
void quarantine_list_remove(struct quarantine *list, struct quarantine_entry *entry);

/* The whole file. False: over the cap of `out`. */
bool quarantine_list_write(const struct quarantine *list, struct text *out);

/* Letters, digits, dots, hyphens and underscores, not too long: it can be a section's name. */
bool quarantine_is_id(const char *id);

#endif
