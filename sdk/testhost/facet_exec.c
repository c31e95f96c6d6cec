/* SPDX-License-Identifier: Apache-2.0
 * Programs that are only a status and two texts. */
#include <stdlib.h>

#include "facets.h"

static void note_run(struct testhost *t, const struct beacon_str *argv, size_t argc)
{
    (void)pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < argc; i++) {
        buffer_add(&t->facets->executed, "%s", i > 0 ? " " : "");
        buffer_shown(&t->facets->executed, argv[i]);
    }
    buffer_add(&t->facets->executed, "\n");
    (void)pthread_mutex_unlock(&t->lock);
}

static beacon_rc put_text(const struct beacon_sink *sink, const char *text)
{
    return text != NULL && *text != '\0' ? sink->put(sink, text, strlen(text)) : BEACON_OK;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are those of the slot */
static beacon_rc run(const struct beacon_host *h, const struct beacon_str *argv, size_t argc,
                     const struct beacon_kv *env, size_t n_env, struct beacon_bytes in,
                     uint32_t timeout_ms, const struct beacon_sink *out,
                     const struct beacon_sink *err_text, int32_t *status,
                     const struct beacon_cancel *c, struct beacon_error *e)
{
    struct testhost *t = h->ctx;
    beacon_rc rc = facets_enter(t, TESTHOST_EXEC, "exec.run", true);
    (void)env;
    (void)n_env;
    (void)in;
    (void)timeout_ms;
    if (argc == 0 || argv[0].n == 0 || argv[0].p[0] != '/') {
        testhost_find(t, "value", "exec.run gets no absolute path of a program");
        return facets_error(e, BEACON_E_REFUSED, "the program is not an absolute path");
    }
    note_run(t, argv, argc);
    if (rc != BEACON_OK || facets_cancelled(h, c)) {
        return facets_error(e, rc != BEACON_OK ? rc : BEACON_E_CANCELLED,
                            "the program was not run");
    }
    const struct named_text *program = facets_named(&t->facets->programs, argv[0], false);
    if (program == NULL) {
        return facets_error(e, BEACON_E_NOT_FOUND, "there is no such program in this test");
    }
    *status = program->number;
    rc = put_text(out, program->text);
    return rc == BEACON_OK ? put_text(err_text, program->more) : rc;
}

const struct beacon_host_exec facet_exec = {.struct_size = sizeof facet_exec, .run = run};

void testhost_set_program(struct testhost *t, const char *path, int32_t status, const char *out,
                          const char *err_text)
{
    struct named_text *program = facets_named(&t->facets->programs, beacon_text(path), true);
    free(program->text);
    free(program->more);
    program->number = status;
    program->text = testhost_copy(beacon_text(out));
    program->more = testhost_copy(beacon_text(err_text));
}

const char *testhost_executed(const struct testhost *t)
{
    return buffer_text(&t->facets->executed);
}
