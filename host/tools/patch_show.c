/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/text.h"
#include "base/utf8.h"
#include "event/event.h"
#include "tools/patch_apply.h"
#include "tools/patch_diff.h"
#include "tools/patch_plan.h"

#define CUT_NOTE   "(the diff goes on)\n"
#define LABEL_NONE "/dev/null"

const struct event_change *patch_plan_changes(const struct patch_plan *plan, size_t *ret_n)
{
    *ret_n = plan->n_changes;
    return plan->changes;
}

static void add_label(const struct patch_plan *plan, const char *prefix,
                      const struct patch_planned *file, struct text *out)
{
    const char *shown = file->place.shown;
    size_t n = strlen(plan->cwd);
    bool is_inside =
        strcmp(plan->cwd, "/") != 0 && path_is_beneath(shown, plan->cwd) && shown[n] == '/';
    (void)text_add_string(out, prefix);
    (void)text_add_string(out, is_inside ? shown + n + 1 : shown + 1);
}

static bool is_showable(struct patch_span content)
{
    return content.n == 0 ||
           (memchr(content.at, '\0', content.n) == NULL && utf8_valid(content.at, content.n));
}

static bool add_change(const struct patch_plan *plan, const struct patch_planned_change *ends,
                       struct text *out)
{
    const struct patch_planned *before = &plan->files[ends->before];
    const struct patch_planned *after = &plan->files[ends->after];
    AUTO_TEXT struct text before_label, after_label;
    text_init(&before_label, 64u << 10);
    text_init(&after_label, 64u << 10);
    add_label(plan, "a/", before, &before_label);
    add_label(plan, "b/", after, &after_label);
    struct patch_diff_side sides[2] = {{.label = LABEL_NONE}, {.label = LABEL_NONE}};
    bool is_known = true;
    if (before->existed) {
        sides[0] = (struct patch_diff_side){text_string(&before_label), before->before.at,
                                            before->before.n};
        is_known = before->problem == 0 && is_showable(before->before);
    }
    if (after->exists) {
        struct patch_span content = patch_planned_content(after);
        sides[1] = (struct patch_diff_side){text_string(&after_label), content.at, content.n};
        is_known = is_known && is_showable(content);
    }
    if (!is_known) {
        return text_addf(out, "Binary files %s and %s differ\n", sides[0].label, sides[1].label);
    }
    bool is_same_name = before == after && before->existed && after->exists;
    bool is_same_content = patch_span_equal((struct patch_span){sides[0].at, sides[0].n},
                                            (struct patch_span){sides[1].at, sides[1].n});
    if (is_same_content && !is_same_name) { /* an empty file, or a mere renaming */
        return text_addf(out, "--- %s\n+++ %s\n", sides[0].label, sides[1].label);
    }
    return patch_diff(&sides[0], &sides[1], out);
}

void patch_plan_diff(const struct patch_plan *plan, struct text *out)
{
    size_t room = out->max_bytes - out->len;
    if (room <= sizeof CUT_NOTE) {
        return;
    }
    AUTO_TEXT struct text diff;
    text_init(&diff, room - sizeof CUT_NOTE);
    bool fits = true;
    for (size_t i = 0; i < plan->n_changes && fits; i++) {
        fits = add_change(plan, &plan->ends[i], &diff);
    }
    (void)text_add(out, diff.data, diff.len);
    if (!fits) {
        (void)text_add_string(out, CUT_NOTE);
    }
}
