/* SPDX-License-Identifier: Apache-2.0 */
/* Group L: the plugin's own facets. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "checks.h"
#include "slate.h"
#include "subject.h"

#define ID_MAX 120

static const void *ask(const struct subject *s, const char *id)
{
    slot_enter("facet");
    const void *facet = s->table.facet(s->state, id);
    slot_leave();
    return facet;
}

static bool is_id_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
           c == '/';
}

/* Text that could be a facet's id: a dot, and then one slash with digits behind it. */
static bool is_id(const char *p, size_t n)
{
    const char *slash = memchr(p, '/', n), *dot = memchr(p, '.', n);
    if (slash == NULL || dot == NULL || dot > slash || n > ID_MAX || slash == p + n - 1) {
        return false;
    }
    for (const char *at = slash + 1; at < p + n; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
    }
    return true;
}

/* The plugin answers to `id`; it must not to what only begins or ends like it. */
static void check_neighbours(struct check_case *c, const struct subject *s, const char *id)
{
    static const char *const tails[] = {"0", "x", " ", "/1", "\n"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        char longer[ID_MAX + 8];
        (void)snprintf(longer, sizeof longer, "%s%s", id, tails[i]);
        if (ask(s, longer) != NULL) {
            check_fail(c, "NULL: an id is known exactly or not at all", "compare with strcmp()",
                       "facet(\"%s\") is answered as if it were \"%s\"", longer, id);
        }
    }
}

/* Ids that the plugin may know are constants in the file. */
static void check_known_ids(struct check_case *c, const struct subject *s)
{
    const char *file = text_string(c->file);
    for (size_t i = 0; i < c->file->len; i++) {
        size_t n = 0;
        while (i + n < c->file->len && is_id_char(file[i + n])) {
            n++;
        }
        if (is_id(file + i, n) && i + n < c->file->len && file[i + n] == '\0') {
            char id[ID_MAX + 1];
            (void)snprintf(id, sizeof id, "%.*s", (int)n, file + i);
            if (ask(s, id) != NULL) {
                check_neighbours(c, s, id);
            }
        }
        i += n;
    }
}

void check_load_facets(struct check_case *c)
{
    static const char *const unknown[] = {
        "", "beacon.provider.unknown/1", "com.example.unknown/1", "beacon.host.http/1", "/", "1"};
    struct subject s;
    if (!subject_load(c, &s)) {
        return;
    }
    if (s.table.facet == NULL) {
        check_skip(c, "the plugin offers no facets");
        return;
    }
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        if (ask(&s, unknown[i]) != NULL) {
            check_fail(c, "NULL for an id that nobody defined", "return NULL at the end of facet()",
                       "facet(\"%s\") is not NULL", unknown[i]);
        }
    }
    check_known_ids(c, &s);
}
