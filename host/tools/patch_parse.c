/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_parse.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/utf8.h"
#include "tools/patch_fail.h"

#define BEGIN_MARKER       "*** Begin Patch"
#define END_MARKER         "*** End Patch"
#define ENVIRONMENT_MARKER "*** Environment ID:"
#define MOVE_MARKER        "*** Move to: "
#define AT_END_MARKER      "*** End of File"

enum state { IN_PREAMBLE, IN_ADD, IN_DELETE, IN_UPDATE, ENDED };

struct parser {
    struct patch *patch;
    struct patch_report report;
    enum state state;
    bool has_environment;
    size_t line_number; /* of the line at hand; "*** Begin Patch" is 1 */
    size_t header_line; /* of the section at hand */
};

/* A line that begins a section, or ends the patch. */
struct header {
    enum state state; /* IN_PREAMBLE: it is no header */
    struct patch_span path;
};

/* Room for one more of `size` bytes behind the `n` there are; capacities are powers of two. */
static void *grown(void *items, size_t n, size_t size)
{
    bool is_full = (n & (n - 1)) == 0;
    return is_full ? alloc_grow(items, n == 0 ? 1 : n * 2, size) : items;
}

static struct patch_section *current_section(const struct parser *p)
{
    assert(p->patch->n_sections > 0);
    return &p->patch->sections[p->patch->n_sections - 1];
}

static struct patch_chunk *current_chunk(const struct parser *p)
{
    const struct patch_section *section = current_section(p);
    return section->n_chunks > 0 ? &section->chunks[section->n_chunks - 1] : NULL;
}

static int bad_header(const struct parser *p, struct patch_span trimmed)
{
    return patch_fail(&p->report, BEACON_E_INVALID, PATCH_HINT_SYNTAX,
                      "Invalid patch hunk on line %zu: '%.*s' is not a valid hunk header. Valid "
                      "hunk headers: '*** Add File: {path}', '*** Delete File: {path}', "
                      "'*** Update File: {path}'",
                      p->line_number, (int)trimmed.n, trimmed.at);
}

static int bad_line(const struct parser *p, struct patch_span line)
{
    const struct patch_chunk *chunk = current_chunk(p);
    if (chunk != NULL && chunk->n_lines > 0) {
        return patch_fail(&p->report, BEACON_E_INVALID, PATCH_HINT_SYNTAX,
                          "Invalid patch hunk on line %zu: Expected update hunk to start with a @@ "
                          "context marker, got: '%.*s'",
                          p->line_number, (int)line.n, line.at);
    }
    return patch_fail(&p->report, BEACON_E_INVALID, PATCH_HINT_SYNTAX,
                      "Invalid patch hunk on line %zu: Unexpected line found in update hunk: "
                      "'%.*s'. Every line should start with ' ' (context line), '+' (added line), "
                      "or '-' (removed line)",
                      p->line_number, (int)line.n, line.at);
}

static int chunk_without_lines(const struct parser *p)
{
    return patch_fail(&p->report, BEACON_E_INVALID, PATCH_HINT_SYNTAX,
                      "Invalid patch hunk on line %zu: Update hunk does not contain any lines",
                      p->line_number);
}

static struct header header_of(struct patch_span line)
{
    static const struct {
        const char *marker;
        enum state state;
    } rows[] = {{"*** Add File: ", IN_ADD},
                {"*** Delete File: ", IN_DELETE},
                {"*** Update File: ", IN_UPDATE}};
    if (patch_span_is(line, END_MARKER)) {
        return (struct header){.state = ENDED};
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (patch_span_has_prefix(line, rows[i].marker)) {
            return (struct header){rows[i].state, patch_span_after(line, strlen(rows[i].marker))};
        }
    }
    return (struct header){.state = IN_PREAMBLE};
}

/* A path cannot hold what ends it. */
static int copy_path(const struct parser *p, struct patch_span path, const char **ret)
{
    if (memchr(path.at, '\0', path.n) != NULL) {
        return patch_fail(&p->report, BEACON_E_INVALID, PATCH_HINT_SYNTAX,
                          "Invalid patch hunk on line %zu: the path has a NUL byte",
                          p->line_number);
    }
    *ret = alloc_string_n(path.at, path.n);
    return BEACON_OK;
}

static int take_header(struct parser *p, struct header header)
{
    static const enum patch_kind kinds[] = {
        [IN_ADD] = PATCH_ADD, [IN_DELETE] = PATCH_DELETE, [IN_UPDATE] = PATCH_UPDATE};
    if (header.state != ENDED) {
        const char *path = NULL;
        int rc = copy_path(p, header.path, &path);
        if (rc != BEACON_OK) {
            return rc;
        }
        struct patch *patch = p->patch;
        patch->sections = grown(patch->sections, patch->n_sections, sizeof *patch->sections);
        patch->sections[patch->n_sections++] =
            (struct patch_section){.kind = kinds[header.state], .path = path};
        p->header_line = p->line_number;
    }
    p->state = header.state;
    return BEACON_OK;
}

static void add_line(struct parser *p, char kind, struct patch_span text)
{
    struct patch_section *section = current_section(p);
    section->lines = grown(section->lines, section->n_lines, sizeof *section->lines);
    section->lines[section->n_lines++] = (struct patch_line){kind, text};
}

static void open_chunk(struct parser *p, struct patch_span context)
{
    struct patch_section *section = current_section(p);
    section->chunks = grown(section->chunks, section->n_chunks, sizeof *section->chunks);
    section->chunks[section->n_chunks++] = (struct patch_chunk){
        .has_context = context.n > 0, .context = context, .first_line = section->n_lines};
}

static int preamble_line(struct parser *p, struct patch_span line)
{
    struct patch_span trimmed = patch_span_trim(line);
    bool is_first_section = !patch_span_has_prefix(trimmed, ENVIRONMENT_MARKER);
    if (is_first_section) {
        struct header header = header_of(trimmed);
        return header.state == IN_PREAMBLE ? bad_header(p, trimmed) : take_header(p, header);
    }
    const char *problem = NULL;
    if (p->has_environment) {
        problem = "specified more than once";
    } else if (trimmed.n == strlen(ENVIRONMENT_MARKER)) {
        problem = "empty";
    }
    p->has_environment = true;
    return problem == NULL
               ? BEACON_OK
               : patch_fail(&p->report, BEACON_E_INVALID, PATCH_HINT_SYNTAX,
                            "Invalid patch: apply_patch environment_id cannot be %s", problem);
}

static int add_file_line(struct parser *p, struct patch_span line)
{
    if (patch_span_has_prefix(line, "+")) {
        add_line(p, '+', patch_span_after(line, 1));
        return BEACON_OK;
    }
    struct patch_span trimmed = patch_span_trim(line);
    struct header header = header_of(trimmed);
    return header.state == IN_PREAMBLE ? bad_header(p, trimmed) : take_header(p, header);
}

static int delete_file_line(struct parser *p, struct patch_span line)
{
    struct patch_span trimmed = patch_span_trim(line);
    struct header header = header_of(trimmed);
    return header.state == IN_PREAMBLE ? bad_header(p, trimmed) : take_header(p, header);
}

static bool is_chunk_marker(struct patch_span line)
{
    return patch_span_is(line, "@@") || patch_span_has_prefix(line, "@@ ");
}

static struct patch_span marker_context(struct patch_span line)
{
    return patch_span_after(line, line.n > 3 ? 3 : line.n);
}

static int end_of_update(struct parser *p, struct header header, struct patch_span line)
{
    const struct patch_chunk *chunk = current_chunk(p);
    if (chunk == NULL) {
        return patch_fail(&p->report, BEACON_E_INVALID, PATCH_HINT_SYNTAX,
                          "Invalid patch hunk on line %zu: Update file hunk for path '%s' is empty",
                          p->header_line, current_section(p)->path);
    }
    if (chunk->n_lines == 0) {
        return header.state == ENDED ? chunk_without_lines(p) : bad_line(p, line);
    }
    return take_header(p, header);
}

/* Only blank lines, a new chunk or a new section may follow "*** End of File". */
static int line_after_end_of_file(struct parser *p, struct patch_span line)
{
    struct patch_span trimmed = patch_span_trim_end(line);
    if (trimmed.n == 0) {
        return BEACON_OK;
    }
    if (is_chunk_marker(trimmed)) {
        open_chunk(p, marker_context(trimmed));
        return BEACON_OK;
    }
    struct header header = header_of(trimmed);
    return header.state == IN_PREAMBLE ? bad_line(p, line) : end_of_update(p, header, trimmed);
}

/* "*** …" inside of an Update section. */
static int update_marker(struct parser *p, struct patch_span line)
{
    struct patch_span trimmed = patch_span_trim_end(line);
    struct patch_section *section = current_section(p);
    struct patch_chunk *chunk = current_chunk(p);
    if (patch_span_is(trimmed, AT_END_MARKER)) {
        if (chunk != NULL && chunk->n_lines == 0) {
            return chunk_without_lines(p);
        }
        if (chunk != NULL) {
            chunk->is_at_end = true;
        }
        return BEACON_OK; /* before any chunk it says nothing */
    }
    bool may_move = chunk == NULL && section->move_path == NULL;
    if (may_move && patch_span_has_prefix(trimmed, MOVE_MARKER)) {
        return copy_path(p, patch_span_after(trimmed, strlen(MOVE_MARKER)), &section->move_path);
    }
    struct header header = header_of(trimmed);
    return header.state == IN_PREAMBLE ? bad_line(p, line) : end_of_update(p, header, trimmed);
}

static int update_line(struct parser *p, struct patch_span line)
{
    struct patch_chunk *chunk = current_chunk(p);
    if (chunk != NULL && chunk->is_at_end) {
        return line_after_end_of_file(p, line);
    }
    if (line.n == 0 || strchr(" +-", line.at[0]) != NULL) {
        if (line.n > 0 && line.at[0] == '\0') {
            return bad_line(p, line); /* strchr finds the terminator, too */
        }
        if (chunk == NULL) {
            open_chunk(p, (struct patch_span){line.at, 0});
        }
        current_chunk(p)->n_lines++;
        char kind = ' ';
        if (line.n > 0) {
            kind = line.at[0];
            line = patch_span_after(line, 1);
        }
        add_line(p, kind, line);
        return BEACON_OK;
    }
    struct patch_span trimmed = patch_span_trim_end(line);
    if (is_chunk_marker(trimmed) && (chunk == NULL || chunk->n_lines > 0)) {
        open_chunk(p, marker_context(trimmed));
        return BEACON_OK;
    }
    return update_marker(p, line);
}

static int bad_last_line(const struct parser *p)
{
    return patch_fail(&p->report, BEACON_E_INVALID, PATCH_HINT_SYNTAX,
                      "Invalid patch: The last line of the patch must be '" END_MARKER "'");
}

static int line_after_end(struct parser *p, struct patch_span line)
{
    return patch_span_trim(line).n == 0 ? BEACON_OK : bad_last_line(p);
}

static int take_line(struct parser *p, struct patch_span line)
{
    static int (*const readers[])(struct parser * p, struct patch_span line) = {
        [IN_PREAMBLE] = preamble_line, [IN_ADD] = add_file_line, [IN_DELETE] = delete_file_line,
        [IN_UPDATE] = update_line,     [ENDED] = line_after_end,
    };
    return readers[p->state](p, line);
}

/* Cut the first line, without its ending, off `rest`. Up to two carriage returns are the ending's. */
static struct patch_span cut_line(struct patch_span *rest)
{
    const char *newline = memchr(rest->at, '\n', rest->n);
    size_t n = newline != NULL ? (size_t)(newline - rest->at) : rest->n;
    struct patch_span line = {rest->at, n};
    *rest = patch_span_after(*rest, newline != NULL ? n + 1 : n);
    for (int i = 0; newline != NULL && i < 2 && line.n > 0 && line.at[line.n - 1] == '\r'; i++) {
        line.n--;
    }
    return line;
}

static struct patch_span last_line(struct patch_span text)
{
    size_t start = text.n;
    while (start > 0 && text.at[start - 1] != '\n') {
        start--;
    }
    return patch_span_after(text, start);
}

static bool has_lines(struct patch_span text, size_t wanted)
{
    size_t lines = 0;
    while (text.n > 0 && lines < wanted) {
        (void)cut_line(&text);
        lines++;
    }
    return lines >= wanted;
}

/* The patch inside of `<<EOF … EOF`, which models send when they think of a shell; else all of it. */
static struct patch_span without_heredoc(struct patch_span text)
{
    struct patch_span rest = text;
    struct patch_span first = cut_line(&rest);
    struct patch_span last = last_line(text);
    bool is_marked = patch_span_is(first, "<<EOF") || patch_span_is(first, "<<'EOF'") ||
                     patch_span_is(first, "<<\"EOF\"");
    bool is_closed = last.n >= 3 && memcmp(last.at + last.n - 3, "EOF", 3) == 0;
    if (!is_marked || !is_closed || !has_lines(text, 4)) {
        return text;
    }
    rest.n -= last.n;
    if (rest.n > 0) {
        rest.n--; /* the newline before the last line */
    }
    return rest;
}

static int parse_lines(struct parser *p, struct patch_span text)
{
    struct patch_span last = last_line(text);
    struct patch_span rest = {text.at, text.n - last.n};
    struct patch_span first = cut_line(&rest);
    if (text.n > 0 &&
        !patch_span_is(patch_span_trim(text.n == last.n ? last : first), BEGIN_MARKER)) {
        return patch_fail(&p->report, BEACON_E_INVALID, PATCH_HINT_SYNTAX,
                          "Invalid patch: The first line of the patch must be '" BEGIN_MARKER "'");
    }
    last = patch_span_trim(last);
    if (!patch_span_is(last, END_MARKER)) {
        return bad_last_line(p);
    }
    for (p->line_number = 2; rest.n > 0; p->line_number++) {
        int rc = take_line(p, cut_line(&rest));
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    return p->state == ENDED ? BEACON_OK : take_line(p, last);
}

int patch_parse(const char *text, size_t n, struct patch **ret, struct text *why,
                struct beacon_error *err)
{
    struct parser p = {.report = {why, err}, .line_number = 1};
    if (n > PATCH_TEXT_MAX) {
        return patch_fail(&p.report, BEACON_E_LIMIT, "send smaller patches, one after the other",
                          "the patch of %zu bytes is over %u", n, PATCH_TEXT_MAX);
    }
    if (!utf8_valid(text, n)) {
        return patch_fail(&p.report, BEACON_E_INVALID, "send the patch as UTF-8",
                          "Invalid patch: it is not valid UTF-8");
    }
    p.patch = alloc_zeroed(sizeof *p.patch);
    p.patch->text = alloc_string_n(text, n);
    struct patch_span whole = patch_span_trim((struct patch_span){p.patch->text, n});
    int rc = parse_lines(&p, without_heredoc(whole));
    if (rc != BEACON_OK) {
        patch_destroy(p.patch);
        return rc;
    }
    *ret = p.patch;
    return BEACON_OK;
}

void patch_destroy(struct patch *patch)
{
    if (patch == NULL) {
        return;
    }
    for (size_t i = 0; i < patch->n_sections; i++) {
        free((char *)patch->sections[i].path);
        free((char *)patch->sections[i].move_path);
        free(patch->sections[i].lines);
        free(patch->sections[i].chunks);
    }
    free(patch->sections);
    free(patch->text);
    free(patch);
}
