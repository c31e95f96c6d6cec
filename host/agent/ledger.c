/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ledger_parts.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/text.h"
#include "session/history.h"
#include "session/item.h"
#include "session/user_message.h"

#define ENTRIES_MAX 4096 /* of one kind; of a longer one the oldest go */

static const struct {
    const char *title;
} chapters[LEDGER_KINDS] = {
    [LEDGER_READ] = {"### Files read"},
    [LEDGER_EDIT] = {"### Files changed"},
    [LEDGER_COMMAND] = {"### Commands"},
    [LEDGER_OPEN] = {"### Open items"},
};

static void forget(struct ledger_list *list, size_t at)
{
    free(list->entries[at].key);
    free(list->entries[at].note);
    memmove(&list->entries[at], &list->entries[at + 1],
            (list->n - at - 1) * sizeof list->entries[0]);
    list->n--;
}

static bool remove_same(struct ledger_list *list, const char *key, const char *note,
                        bool *ret_was_carried)
{
    for (size_t i = list->n; i-- > 0;) {
        if (strcmp(list->entries[i].key, key) == 0) {
            *ret_was_carried =
                list->entries[i].is_carried && strcmp(list->entries[i].note, note) == 0;
            forget(list, i);
            return true;
        }
    }
    return false;
}

void ledger_add(struct ledger *ledger, enum ledger_kind kind, const char *key, const char *note)
{
    struct ledger_list *list = &ledger->lists[kind];
    bool was_carried = false;
    (void)remove_same(list, key, note, &was_carried);
    if (list->n == ENTRIES_MAX) {
        forget(list, 0);
        list->n_forgotten++;
    }
    list->entries = alloc_grow(list->entries, list->n + 1, sizeof list->entries[0]);
    list->entries[list->n++] =
        (struct ledger_entry){.key = alloc_string(key),
                              .note = alloc_string(note),
                              .is_carried = was_carried || ledger->is_carrying};
}

void ledger_clear(struct ledger *ledger, enum ledger_kind kind)
{
    while (ledger->lists[kind].n > 0) {
        forget(&ledger->lists[kind], ledger->lists[kind].n - 1);
    }
}

void ledger_destroy(struct ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    for (int kind = 0; kind < LEDGER_KINDS; kind++) {
        ledger_clear(ledger, (enum ledger_kind)kind);
        free(ledger->lists[kind].entries);
    }
    free(ledger);
}

/* ---- what the compaction before wrote ---- */

static int kind_of_title(const char *line, size_t n)
{
    for (int kind = 0; kind < LEDGER_KINDS; kind++) {
        if (strlen(chapters[kind].title) == n && memcmp(line, chapters[kind].title, n) == 0) {
            return kind;
        }
    }
    return LEDGER_KINDS;
}

/* "- key (note)", as ledger_write() made it. */
static void carry_line(struct ledger *ledger, enum ledger_kind kind, const char *line, size_t n)
{
    AUTO_FREE char *copy = alloc_string_n(line, n);
    char *open = strrchr(copy, '(');
    if (n < 3 || strncmp(copy, "- ", 2) != 0 || open == NULL || open < copy + 3 ||
        copy[n - 1] != ')') {
        return;
    }
    copy[n - 1] = '\0';
    open[-1] = '\0';
    ledger_add(ledger, kind, copy + 2, open + 1);
}

static void carry(struct ledger *ledger, struct beacon_str summary)
{
    int kind = LEDGER_KINDS;
    bool is_ledger = false;
    const char *end = summary.p + summary.n;
    ledger->is_carrying = true;
    for (const char *line = summary.p; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        const size_t n = (size_t)((stop != NULL ? stop : end) - line);
        is_ledger = is_ledger || (n == strlen(LEDGER_TITLE) && memcmp(line, LEDGER_TITLE, n) == 0);
        if (is_ledger && n > 0 && line[0] == '#') {
            kind = kind_of_title(line, n);
        } else if (is_ledger && kind < LEDGER_KINDS) {
            carry_line(ledger, (enum ledger_kind)kind, line, n);
        }
        line = stop != NULL ? stop + 1 : end;
    }
    ledger->is_carrying = false;
}

/* ---- the items ---- */

static void take_item(struct ledger *ledger, struct ledger_calls *calls,
                      const struct item_view *view)
{
    if (!view->is_known || view->n_parts == 0) {
        return;
    }
    if (user_message_is_summary(view)) {
        carry(ledger, user_message_text(view));
    } else if (view->parts[0]->type == BEACON_PART_TOOL_CALL) {
        ledger_calls_begin(calls, view->parts[0]);
    } else if (view->parts[0]->type == BEACON_PART_TOOL_RESULT) {
        ledger_calls_end(calls, ledger, view->parts[0]);
    }
}

struct ledger *ledger_read(const struct history *history, const char *cwd)
{
    struct ledger *ledger = alloc_zeroed(sizeof *ledger);
    struct ledger_calls calls = {.cwd = cwd};
    struct arena *arena = arena_create();
    for (size_t i = 0; i < history_count(history); i++) {
        struct item_view view;
        struct beacon_error unused = {0};
        if (item_decode(history_item(history, i), arena, &view, &unused) == BEACON_OK) {
            take_item(ledger, &calls, &view);
        }
    }
    ledger_calls_finish(&calls);
    arena_destroy(arena);
    return ledger;
}

size_t ledger_news(const struct ledger *ledger)
{
    size_t n = 0;
    for (int kind = 0; kind < LEDGER_KINDS; kind++) {
        const struct ledger_list *list = &ledger->lists[kind];
        for (size_t i = 0; i < list->n; i++) {
            n += list->entries[i].is_carried ? 0 : 1;
        }
    }
    return n;
}

void ledger_write(const struct ledger *ledger, struct text *out)
{
    bool is_begun = false;
    for (int kind = 0; kind < LEDGER_KINDS; kind++) {
        const struct ledger_list *list = &ledger->lists[kind];
        if (list->n == 0) {
            continue;
        }
        (void)text_addf(out, "%s%s\n", is_begun ? "" : LEDGER_TITLE "\n", chapters[kind].title);
        is_begun = true;
        const size_t first = list->n > LEDGER_SHOWN_MAX ? list->n - LEDGER_SHOWN_MAX : 0;
        if (first + list->n_forgotten > 0) {
            (void)text_addf(out, "%zu older ones are left out.\n", first + list->n_forgotten);
        }
        for (size_t i = first; i < list->n; i++) {
            (void)text_addf(out, "- %s (%s)\n", list->entries[i].key, list->entries[i].note);
        }
    }
}
