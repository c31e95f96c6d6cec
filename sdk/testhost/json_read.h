/* SPDX-License-Identifier: Apache-2.0
 * json_read.h - from the JSON of a test to lent texts and numbers.
 *
 * Members that are missing give what is said beside each function. Thread: [any].
 */
#ifndef TESTHOST_JSON_READ_H
#define TESTHOST_JSON_READ_H

#include <beacon-sdk/json_string.h>

#include "internal.h"

/* False, and a finding that names `what`, unless the text is one JSON object. */
bool json_is_object(struct testhost *t, const char *what, struct beacon_str text);

struct beacon_str json_raw(struct beacon_str object, const char *key); /* empty: there is none */
char *json_copy(struct beacon_str raw_string); /* the value of "…" with its quotes; to be freed */
struct beacon_str json_lend(struct testhost *t, struct beacon_str raw_string); /* the same, lent */

/* A member as a lent text: a string's value, or an object or array as it is written. */
struct beacon_str json_text(struct testhost *t, struct beacon_str object, const char *key);
int64_t json_int(struct beacon_str object, const char *key, int64_t otherwise);
double json_double(struct beacon_str raw, double otherwise);
bool json_flag(struct beacon_str object, const char *key);

/* The number of `names` (ends with NULL) that the member is, counted from 1; 0: none. */
uint32_t json_choice(struct beacon_str object, const char *key, const char *const *names);

/* Walks the elements of an array, or the members of an object. */
struct json_walk {
    struct beacon_json j;
    bool is_object;
    struct beacon_str raw_key, raw; /* the current one */
};

bool json_walk_start(struct json_walk *w, struct beacon_str raw); /* false: nothing to walk */
bool json_walk_next(struct json_walk *w);

/* A list of pointers that grows and is lent at the end. */
struct pointers {
    const void **at;
    size_t n;
};

void pointers_add(struct pointers *list, const void *p);
void *pointers_lend(struct testhost *t, struct pointers *list); /* frees the list */

#endif
