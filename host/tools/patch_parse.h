/* patch_parse.h - the text of an apply_patch patch, taken apart into sections.
 *
 * Pure: bytes in, structs out, no file is looked at. A parsed patch owns a copy of its text; every
 * span points into that copy and lives as long as the patch. Used by patch_match.c (finding the
 * places), patch_apply.c (the agent's tool) and patch_program.c (the stand-alone program).
 * Thread: [any], one owner per patch.
 */
#ifndef HOST_TOOLS_PATCH_PARSE_H
#define HOST_TOOLS_PATCH_PARSE_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

#include "tools/patch_span.h"

#define PATCH_TEXT_MAX (16u << 20) /* bytes of one patch */
#define PATCH_WHY_MAX                                                                              \
    (17u << 20) /* cap for the `why` text callers hand in: it quotes patch lines */

struct text;

enum patch_kind { PATCH_ADD, PATCH_DELETE, PATCH_UPDATE };

struct patch_line {
    char kind; /* ' ' context, '+' added, '-' removed */
    struct patch_span text;
};

struct patch_chunk {
    bool has_context; /* a line "@@ text": `context` is to be found first */
    bool is_at_end;   /* "*** End of File": the old lines are the last of the file */
    struct patch_span context;
    size_t first_line, n_lines; /* in patch_section.lines */
};

struct patch_section {
    enum patch_kind kind;
    const char *path;         /* as written; NUL-terminated, owned by the patch, never empty */
    const char *move_path;    /* UPDATE: "*** Move to:", else NULL */
    struct patch_line *lines; /* ADD: the '+' lines; UPDATE: those of all chunks, in order */
    size_t n_lines;
    struct patch_chunk *chunks; /* UPDATE only, at least one */
    size_t n_chunks;
};

struct patch {
    char *text;
    struct patch_section *sections;
    size_t n_sections; /* 0: a well-formed patch that asks for nothing */
};

/* Parse `n` bytes. On a syntax error BEACON_E_INVALID, and `why` (may be NULL) gets the whole
 * sentence a model is told, e.g. "Invalid patch hunk on line 4: …"; `err` has the same, cut.
 * Over PATCH_TEXT_MAX: BEACON_E_LIMIT. *ret is the caller's, for patch_destroy(). */
int patch_parse(const char *text, size_t n, struct patch **ret, struct text *why,
                struct beacon_error *err);

void patch_destroy(struct patch *patch); /* NULL is fine */

#endif
