/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_match.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/text.h"
#include "base/utf8.h"
#include "tools/patch_fail.h"
#include "tools/patch_lines.h"
#include "tools/patch_parse.h"
#include "tools/patch_search.h"

/* Where a chunk goes. */
struct place {
    size_t at, n_old;    /* lines of the file that its old lines are */
    bool drops_last_new; /* its last new line, an empty one, is left out */
};

struct match {
    const struct patch_section *section;
    const struct patch_file *file;
    struct patch_report report;
    struct patch_lines lines;
    struct patch_span *wanted; /* per chunk: its context if any, then its old lines */
    struct patch_search *search;
    struct place *places; /* one per chunk */
    size_t cursor;        /* line of the file where the next search begins */
    size_t next_wanted;
};

/* How many bytes at `p` are the beginning of a character that goes on behind them; 0: none are. */
static size_t begun_character(const char *p, size_t n)
{
    for (size_t k = n < 3 ? n : 3; k > 0; k--) {
        char low[4] = {'\x80', '\x80', '\x80', '\x80'};
        char high[4] = {'\xBF', '\xBF', '\xBF', '\xBF'};
        memcpy(low, p, k);
        memcpy(high, p, k);
        if (utf8_length(low, 4) > k || utf8_length(high, 4) > k) {
            return k;
        }
    }
    return 0;
}

static int check_utf8(const struct match *match)
{
    const struct patch_file *file = match->file;
    size_t good = 0;
    for (size_t len = 1; good < file->n && len > 0; good += len) {
        len = utf8_length(file->at + good, file->n - good);
    }
    if (good == file->n) {
        return BEACON_OK;
    }
    const char *hint = "patch text files only; convert this one to UTF-8 first";
    size_t begun = begun_character(file->at + good, file->n - good);
    if (begun == file->n - good) {
        return patch_fail(&match->report, BEACON_E_INVALID, hint,
                          "Failed to read file to update %s: incomplete utf-8 byte sequence from "
                          "index %zu",
                          file->name, good);
    }
    return patch_fail(&match->report, BEACON_E_INVALID, hint,
                      "Failed to read file to update %s: invalid utf-8 sequence of %zu bytes from "
                      "index %zu",
                      file->name, begun > 0 ? begun : 1, good);
}

static void collect_wanted(struct match *match)
{
    const struct patch_section *section = match->section;
    size_t n = 0;
    match->wanted = alloc_array(section->n_lines + section->n_chunks + 1, sizeof *match->wanted);
    for (size_t c = 0; c < section->n_chunks; c++) {
        const struct patch_chunk *chunk = &section->chunks[c];
        if (chunk->has_context) {
            match->wanted[n++] = chunk->context;
        }
        for (size_t i = 0; i < chunk->n_lines; i++) {
            const struct patch_line *line = &section->lines[chunk->first_line + i];
            if (line->kind != '+') {
                match->wanted[n++] = line->text;
            }
        }
    }
    match->search = patch_search_create(&match->lines, match->wanted, n);
}

static size_t count_old(const struct patch_line *lines, size_t n)
{
    size_t n_old = 0;
    for (size_t i = 0; i < n; i++) {
        n_old += lines[i].kind != '+';
    }
    return n_old;
}

static int too_much_work(const struct match *match)
{
    return patch_fail(&match->report, BEACON_E_LIMIT, "send a patch with more distinctive lines",
                      "Failed to find expected lines in %s: its lines repeat too much to search it",
                      match->file->name);
}

static int lines_not_found(const struct match *match, size_t first, size_t n)
{
    AUTO_TEXT struct text old;
    text_init(&old, PATCH_WHY_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct patch_span *line = &match->wanted[first + i];
        (void)text_add(&old, "\n", i > 0 ? 1 : 0);
        (void)text_add(&old, line->at, line->n);
    }
    return patch_fail(&match->report, BEACON_E_INVALID, PATCH_HINT_REREAD,
                      "Failed to find expected lines in %s:\n%s", match->file->name,
                      text_string(&old));
}

static int seek_context(struct match *match, const struct patch_chunk *chunk)
{
    size_t at = 0;
    enum patch_found found =
        patch_search_find(match->search, match->next_wanted++, 1, match->cursor, &at);
    if (found == PATCH_TOO_MUCH_WORK) {
        return too_much_work(match);
    }
    if (found == PATCH_NOT_FOUND) {
        return patch_fail(&match->report, BEACON_E_INVALID, PATCH_HINT_REREAD,
                          "Failed to find context '%.*s' in %s", (int)chunk->context.n,
                          chunk->context.at, match->file->name);
    }
    match->cursor = at + 1;
    return BEACON_OK;
}

static enum patch_found seek_block(struct match *match, bool is_at_end, size_t n, size_t *ret)
{
    if (n == 0) {
        *ret = match->cursor;
        return PATCH_FOUND;
    }
    size_t from = match->cursor;
    if (is_at_end && match->lines.n > n && match->lines.n - n > from) {
        from = match->lines.n - n;
    }
    return patch_search_find(match->search, match->next_wanted, n, from, ret);
}

static bool last_new_line_is_empty(const struct patch_line *lines, size_t n)
{
    while (n > 0 && lines[n - 1].kind == '-') {
        n--;
    }
    return n > 0 && lines[n - 1].text.n == 0;
}

static int seek_chunk(struct match *match, const struct patch_chunk *chunk, struct place *place)
{
    const struct patch_line *lines = &match->section->lines[chunk->first_line];
    if (chunk->has_context) {
        int rc = seek_context(match, chunk);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    size_t n_old = count_old(lines, chunk->n_lines);
    *place = (struct place){.at = match->lines.n, .n_old = n_old};
    if (n_old == 0) {
        return BEACON_OK;
    }
    enum patch_found found = seek_block(match, chunk->is_at_end, n_old, &place->at);
    if (found == PATCH_NOT_FOUND && match->wanted[match->next_wanted + n_old - 1].n == 0) {
        /* Models end a chunk with an empty line that the file does not have. */
        place->n_old = n_old - 1;
        place->drops_last_new = last_new_line_is_empty(lines, chunk->n_lines);
        found = seek_block(match, chunk->is_at_end, n_old - 1, &place->at);
    }
    if (found != PATCH_FOUND) {
        return found == PATCH_TOO_MUCH_WORK ? too_much_work(match)
                                            : lines_not_found(match, match->next_wanted, n_old);
    }
    match->cursor = place->at + place->n_old;
    match->next_wanted += n_old;
    return BEACON_OK;
}

static bool add_file_lines(const struct match *match, size_t from, size_t to, struct text *out)
{
    bool is_open = false;
    struct patch_span bytes = patch_lines_bytes(&match->lines, from, to, &is_open);
    const struct patch_span *ending = &match->lines.ending;
    return text_add(out, bytes.at, bytes.n) && (!is_open || text_add(out, ending->at, ending->n));
}

static bool add_patch_line(const struct match *match, struct patch_span line, struct text *out)
{
    const struct patch_span *ending = &match->lines.ending;
    return text_add(out, line.at, line.n) && text_add(out, ending->at, ending->n);
}

/* The new text. What goes behind the last line is gathered apart: it is in the order of the patch,
 * whose chunks may append first and then change lines further up. */
struct result {
    struct text *body, *tail;
};

/* The new lines of a chunk; context is taken from the file, which may differ in blanks. */
static bool add_chunk(const struct match *match, size_t index, const struct result *result)
{
    const struct patch_chunk *chunk = &match->section->chunks[index];
    const struct patch_line *lines = &match->section->lines[chunk->first_line];
    const struct place *place = &match->places[index];
    size_t last_new = chunk->n_lines;
    while (place->drops_last_new && lines[--last_new].kind == '-') {
    }
    size_t old = place->at;
    size_t run_at = old; /* where the changed lines since the last context line go */
    bool fits = true;
    for (size_t i = 0; i < chunk->n_lines && fits; i++) {
        bool is_in_file = lines[i].kind != '+' && old < place->at + place->n_old;
        bool is_new = lines[i].kind != '-' && i != last_new;
        if (is_new && is_in_file) {
            run_at = old + 1;
            fits = add_file_lines(match, old, old + 1, result->body);
        } else if (is_new) {
            fits = add_patch_line(match, lines[i].text,
                                  run_at == match->lines.n ? result->tail : result->body);
        }
        old += is_in_file;
    }
    return fits;
}

static bool write_result(const struct match *match, struct text *out)
{
    AUTO_TEXT struct text tail;
    text_init(&tail, out->max_bytes);
    const struct result result = {out, &tail};
    size_t at = 0;
    bool fits = true;
    for (size_t c = 0; c < match->section->n_chunks && fits; c++) {
        const struct place *place = &match->places[c];
        if (place->at < match->lines.n) {
            fits = add_file_lines(match, at, place->at, out);
            at = place->at + place->n_old;
        }
        fits = fits && add_chunk(match, c, &result);
    }
    return fits && add_file_lines(match, at, match->lines.n, out) &&
           text_add(out, tail.data, tail.len);
}

static int run(struct match *match, struct text *out)
{
    const struct patch_section *section = match->section;
    for (size_t c = 0; c < section->n_chunks; c++) {
        int rc = seek_chunk(match, &section->chunks[c], &match->places[c]);
        if (rc != BEACON_OK) {
            return rc;
        }
    }
    if (!write_result(match, out)) {
        return patch_fail(&match->report, BEACON_E_LIMIT, "split the file",
                          "%s would be over %zu bytes", match->file->name, out->max_bytes);
    }
    return BEACON_OK;
}

int patch_match(const struct patch_section *section, const struct patch_file *file,
                struct text *out, struct text *why, struct beacon_error *err)
{
    assert(section->kind == PATCH_UPDATE);
    struct match match = {.section = section, .file = file, .report = {why, err}};
    int rc = check_utf8(&match);
    if (rc != BEACON_OK) {
        return rc;
    }
    if (!patch_lines_init(&match.lines, file->at, file->n)) {
        return patch_fail(&match.report, BEACON_E_LIMIT, "split the file",
                          "Failed to read file to update %s: it has over %u lines", file->name,
                          PATCH_LINES_MAX);
    }
    collect_wanted(&match);
    match.places = alloc_array(section->n_chunks + 1, sizeof *match.places);
    rc = run(&match, out);
    free(match.places);
    patch_search_destroy(match.search);
    free(match.wanted);
    patch_lines_finish(&match.lines);
    return rc;
}
