/* why_parts.h - what the files why*.c share: the question and its answer. Private to them.
 * Thread: [main].
 */
#ifndef HOST_PLUGIN_WHY_PARTS_H
#define HOST_PLUGIN_WHY_PARTS_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

#include "plugin/trust.h"

struct plugin_entry;
struct plugin_set;
struct text;

/* The question, and which entries are about it. */
struct why_question {
    const struct plugin_set *set;
    const char *name;
    bool *is_about; /* one per entry */
    size_t n_about, n_used;
    const struct plugin_entry *used; /* the first */
    const struct plugin_entry *best; /* the one whose refusal tells most, when none is used */
    /* Of the one that is used: what loading it would say, found out without loading it. */
    bool is_file_checked;
    char sha256[TRUST_SHA256_HEX];
    struct beacon_error load_error;
};

/* Borrows from `set` and `name`; give it to why_question_finish(). */
struct why_question why_ask(const struct plugin_set *set, const char *name);
void why_question_finish(struct why_question *question);

/* The answer in one sentence, without a full stop, and what a person can do ("": nothing). */
void why_add_verdict(const struct why_question *question, struct text *out);
const char *why_remedy(const struct why_question *question);

/* Is the one that is used also one that would be loaded? */
bool why_is_loadable(const struct why_question *question);

/* Does entry `i` belong into the trail? */
bool why_is_told(const struct why_question *question, size_t i);

#endif
