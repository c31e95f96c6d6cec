/* patch_fail.h - how everything in patch_*.c reports a failure.
 *
 * A sentence about a patch quotes the patch, so it can be longer than struct beacon_error holds, and
 * the model needs the whole of it. Thread: [any].
 */
#ifndef HOST_TOOLS_PATCH_FAIL_H
#define HOST_TOOLS_PATCH_FAIL_H

#include <beacon/error.h>

struct text;

/* The one hint for a patch whose text does not fit the files. */
#define PATCH_HINT_REREAD "read the file again and send a patch that matches it"
#define PATCH_HINT_SYNTAX "send the patch again in the apply_patch format"

struct patch_report {
    struct text *why; /* gets the whole sentence; may be NULL; emptied first */
    struct beacon_error *err;
};

/* Put the sentence into report->why and, cut, into report->err. Returns `code`. */
int patch_fail(const struct patch_report *report, beacon_rc code, const char *hint,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
