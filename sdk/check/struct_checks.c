/* SPDX-License-Identifier: Apache-2.0 */
/* Group P: structs of hosts that are older or newer than the plugin. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/text.h"
#include "check.h"
#include "checks.h"
#include "stage.h"

#define TRIED_BYTES 120
#define PLAIN_NAME  "plain"
#define PLAIN_MAX   ((size_t)64 << 20)

static const struct testhost_answer refusal = {
    .status = 400, .headers = "content-type: application/json\n", .body = "{\"error\":{}}"};

/* Every call that fills something: a refused turn, and one that cannot be opened. */
static bool try_size(struct stage *stage, const char *name, size_t bytes)
{
    char tried[TRIED_BYTES];
    const struct testhost_script script = {.answers = &refusal, .n_answers = 1};
    testhost_resize(stage->t, name, bytes);
    (void)testhost_provider_run(stage->p, stage_turn_rich, &script);
    (void)testhost_provider_run(stage->p, NULL, &script);
    testhost_resize(stage->t, name, 0);
    (void)snprintf(tried, sizeof tried, "a struct beacon_%s of %zu bytes", name, bytes);
    return stage_has_no_findings(stage, STAGE_RULES_HARD, NULL,
                                 "nothing written behind struct_size", tried);
}

#define AT(type, field)                                                                            \
    {                                                                                              \
#type, offsetof(struct beacon_##type, field)                                               \
    }

/* Structs that the plugin fills, cut at every field. A host that knows HTTP has the first two of action. */
void check_struct_short(struct check_case *c)
{
    static const struct {
        const char *name;
        size_t bytes;
    } cuts[] = {
        AT(error, code),    AT(error, os_errno), AT(error, flags),       AT(error, message),
        AT(error, hint),    AT(action, wait_ms), AT(action, flags),      AT(verdict, after_ms),
        AT(verdict, flags), AT(verdict, code),   AT(verdict, reserved0), AT(verdict, message),
    };
    struct stage stage;
    if (stage_open(&stage, c, NULL)) {
        for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
            if (!try_size(&stage, cuts[i].name, cuts[i].bytes)) {
                break;
            }
        }
    }
    stage_close(&stage);
}

/* The request and the events that `stage` makes, as one text. */
static void write_all(struct stage *stage, struct text *out)
{
    static const struct testhost_script no_answer;
    const struct testhost_result r = testhost_provider_run(stage->p, stage_turn_rich, &no_answer);
    (void)text_add_string(out, r.request);
    for (size_t i = 0; i < stage->n_transcripts; i++) {
        (void)text_add_string(out, testhost_replay(stage->t, stage->transcripts[i], NULL).events);
    }
}

/* What an ordinary host gets, from a process of its own: a plugin is loaded once per process. */
static bool run_plain(struct check_case *c, struct text *out)
{
    struct beacon_error err = {0};
    int status = 0;
    const pid_t pid = fork();
    if (pid == 0) {
        struct stage stage;
        if (stage_open(&stage, c, NULL)) {
            write_all(&stage, out);
            (void)io_replace_file(PLAIN_NAME, text_string(out), out->len, 0600, &err);
        }
        _exit(0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 &&
           io_read_file(PLAIN_NAME, out, &err) == BEACON_OK;
}

void check_struct_long(struct check_case *c)
{
    const struct testhost_options newer = {.flags = TESTHOST_NEWER_HOST | TESTHOST_NOISE};
    struct stage stage;
    AUTO_TEXT struct text plain, noisy;
    text_init(&plain, PLAIN_MAX);
    text_init(&noisy, PLAIN_MAX);
    const bool has_plain = run_plain(c, &plain);
    if (stage_open(&stage, c, &newer) && has_plain) {
        write_all(&stage, &noisy);
        if (stage_has_no_findings(&stage, STAGE_RULES_HARD, NULL, "the same as with an older host",
                                  "a newer host") &&
            strcmp(text_string(&plain), text_string(&noisy)) != 0) {
            check_fail(c, "the same request and events as with a host of its own minor",
                       "read structs with BEACON_COPY_IN or BEACON_HAS; ignore reserved fields and "
                       "flags that are not known",
                       "longer structs with noise in what must be ignored change the request or "
                       "the events");
        }
    }
    stage_close(&stage);
}
