/* SPDX-License-Identifier: Apache-2.0
 * A person made of lines that the test typed before. */
#include <stdlib.h>

#include "facets.h"

static const char redirect_uri[] = "http://127.0.0.1:1455";
static char redirect_token;

/* One line of what the person saw; UNSUPPORTED without a person. */
static beacon_rc show(const struct beacon_host *h, const char *slot, struct beacon_str first,
                      struct beacon_str second)
{
    struct testhost *t = h->ctx;
    const beacon_rc rc = facets_enter(t, TESTHOST_UI, slot, true);
    if (rc != BEACON_OK || !t->facets->has_person) {
        return rc != BEACON_OK ? rc : BEACON_E_UNSUPPORTED;
    }
    testhost_look_at(t, "the person", first);
    testhost_look_at(t, "the person", second);
    (void)pthread_mutex_lock(&t->lock);
    buffer_add(&t->facets->shown, "%s ", slot);
    buffer_shown(&t->facets->shown, first);
    if (second.n > 0) {
        buffer_add(&t->facets->shown, " ");
        buffer_shown(&t->facets->shown, second);
    }
    buffer_add(&t->facets->shown, "\n");
    (void)pthread_mutex_unlock(&t->lock);
    return BEACON_OK;
}

static beacon_rc open_url(const struct beacon_host *h, struct beacon_str url, struct beacon_str why)
{
    return show(h, "ui.open_url", url, why);
}

static beacon_rc show_code(const struct beacon_host *h, struct beacon_str url,
                           struct beacon_str user_code, uint32_t expires_s)
{
    (void)expires_s;
    return show(h, "ui.show_code", url, user_code);
}

static beacon_rc prompt(const struct beacon_host *h, struct beacon_str label, uint32_t secret,
                        const struct beacon_sink *out, const struct beacon_cancel *c)
{
    struct testhost *t = h->ctx;
    const beacon_rc rc =
        show(h, secret != 0 ? "ui.prompt(secret)" : "ui.prompt", label, beacon_span(NULL, 0));
    if (rc != BEACON_OK) {
        return rc;
    }
    if (facets_cancelled(h, c)) {
        return BEACON_E_CANCELLED;
    }
    const char *line = t->facets->next_line;
    if (line == NULL || *line == '\0') {
        return BEACON_E_CANCELLED; /* the person has nothing more to say */
    }
    const size_t n = strcspn(line, "\n");
    t->facets->next_line = line + n + (line[n] == '\n');
    return out->put(out, line, n);
}

static beacon_rc redirect_begin(const struct beacon_host *h, uint32_t port, struct beacon_str path,
                                const struct beacon_sink *uri, void **ret_token,
                                struct beacon_error *e)
{
    beacon_rc rc = show(h, "ui.redirect_begin", path, beacon_span(NULL, 0));
    (void)port;
    if (rc != BEACON_OK) {
        return facets_error(e, rc, "there is nobody to ask");
    }
    rc = uri->put(uri, redirect_uri, sizeof redirect_uri - 1);
    rc = rc == BEACON_OK ? uri->put(uri, path.p, path.n) : rc;
    *ret_token = &redirect_token;
    return rc;
}

static beacon_rc redirect_wait(const struct beacon_host *h, void *ours,
                               const struct beacon_sink *query, const struct beacon_cancel *c)
{
    struct testhost *t = h->ctx;
    const beacon_rc rc = facets_enter(t, TESTHOST_UI, "ui.redirect_wait", true);
    if (ours != &redirect_token) {
        testhost_find(t, "value", "ui.redirect_wait gets a token the host did not make");
        return BEACON_E_INVALID;
    }
    if (rc != BEACON_OK || facets_cancelled(h, c) || t->facets->query == NULL) {
        return rc != BEACON_OK ? rc : BEACON_E_CANCELLED;
    }
    return query->put(query, t->facets->query, strlen(t->facets->query));
}

static void redirect_end(const struct beacon_host *h, void *ours)
{
    if (ours != &redirect_token) {
        testhost_find(h->ctx, "value", "ui.redirect_end gets a token the host did not make");
    }
}

const struct beacon_host_ui facet_ui = {
    .struct_size = sizeof facet_ui,
    .open_url = open_url,
    .show_code = show_code,
    .prompt = prompt,
    .redirect_begin = redirect_begin,
    .redirect_wait = redirect_wait,
    .redirect_end = redirect_end,
};

void testhost_set_person(struct testhost *t, const char *answers, const char *query)
{
    struct testhost_facets *f = t->facets;
    free(f->typed);
    free(f->query);
    f->has_person = true;
    f->typed = testhost_copy(beacon_text(answers));
    f->next_line = f->typed;
    f->query = query != NULL ? testhost_copy(beacon_text(query)) : NULL;
}

const char *testhost_shown(const struct testhost *t)
{
    return buffer_text(&t->facets->shown);
}
