/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include <stdio.h>

#include "base/text.h"
#include "plugin/sandbox_backend.h"

/* A backend of the toy kit and the host's plan, which knows operations up to CGROUP. */
struct stage {
    struct plugin_set *set;
    struct sandbox_backend *backend;
    struct text seen;
    struct beacon_plan plan;
};

static beacon_rc take_op(const struct beacon_plan *plan, const struct beacon_op *op)
{
    struct stage *stage = plan->ctx;
    (void)text_addf(&stage->seen, "op %u", op->op);
    if (op->op == BEACON_OP_MASK) {
        const struct beacon_mount *mount = op->data;
        (void)text_addf(&stage->seen, "[%u,%zu,%d]", mount->struct_size, mount->fstype.n,
                        mount->source_fd);
    }
    (void)text_add_char(&stage->seen, ' ');
    return op->op > BEACON_OP_CGROUP ? BEACON_E_UNSUPPORTED : BEACON_OK;
}

static beacon_rc take_promise(const struct beacon_plan *plan, uint32_t enforced)
{
    struct stage *stage = plan->ctx;
    (void)text_addf(&stage->seen, "promise %u ", enforced);
    return BEACON_OK;
}

static void stage_open(struct stage *stage, const char *name)
{
    struct beacon_error err = {0};
    memset(stage, 0, sizeof *stage);
    text_init(&stage->seen, 4096);
    stage->plan = (struct beacon_plan){.struct_size = (uint32_t)sizeof stage->plan,
                                       .ctx = stage,
                                       .op = take_op,
                                       .promise = take_promise};
    stage->set = set_of(GOOD_TOYS);
    assert_ok(sandbox_backend_open(stage->set, name, NULL, &stage->backend, &err), &err);
}

static void stage_close(struct stage *stage)
{
    sandbox_backend_close(stage->backend);
    plugin_set_close(stage->set);
    text_finish(&stage->seen);
}

static const struct beacon_exec command = {.struct_size = (uint32_t)sizeof command};

static beacon_rc add_to_text(const struct beacon_sink *sink, const void *p, size_t n)
{
    return text_add(sink->ctx, p, n) ? BEACON_OK : BEACON_E_LIMIT;
}

/* How many plans of the toy were prepared and not released, as its diagnose() tells. */
static void assert_open_plans(struct stage *stage, void *cookie, const char *count)
{
    const struct beacon_bytes nothing = {0};
    AUTO_TEXT struct text words;
    text_init(&words, 64);
    const struct beacon_sink sink = {
        .struct_size = (uint32_t)sizeof sink, .ctx = &words, .put = add_to_text};
    assert_int_equal(sandbox_backend_diagnose(stage->backend, cookie, 256, nothing, &sink),
                     BEACON_OK);
    assert_string_equal(text_string(&words), count);
}

static void a_plan_reaches_the_host_at_its_sizes(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    void *cookie = NULL;
    const struct beacon_sandbox_policy policy = {.struct_size = (uint32_t)sizeof policy};
    struct stage stage;
    stage_open(&stage, "jail");
    assert_ok(sandbox_backend_prepare(stage.backend, &policy, &command, &stage.plan, &cookie, &err),
              &err);
    char expected[96];
    (void)snprintf(expected, sizeof expected, "op 1 op 13[%zu,0,0] promise 4 ",
                   sizeof(struct beacon_mount));
    assert_string_equal(text_string(&stage.seen), expected);
    assert_open_plans(&stage, cookie, "1");
    sandbox_backend_release(stage.backend, cookie);
    assert_open_plans(&stage, cookie, "0");
    stage_close(&stage);
}

static void a_refused_operation_fails_the_plan_even_if_the_plugin_goes_on(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    void *cookie = NULL;
    int open_plans = 0;
    const struct beacon_sandbox_policy policy = {.struct_size = (uint32_t)sizeof policy,
                                                 .require = 99};
    struct stage stage;
    stage_open(&stage, "jail");
    assert_refused(
        sandbox_backend_prepare(stage.backend, &policy, &command, &stage.plan, &cookie, &err),
        BEACON_E_UNSUPPORTED, &err);
    assert_null(cookie);
    assert_says(err.message,
                "com.example.kit went on after a part of its sandbox plan was refused");
    assert_open_plans(&stage, &open_plans, "0");
    stage_close(&stage);
}

static void a_report_is_terminated_whatever_the_plugin_wrote(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct beacon_sandbox_report report = {0};
    struct stage stage;
    stage_open(&stage, "jail");
    assert_ok(sandbox_backend_probe(stage.backend, &report, &err), &err);
    assert_int_equal(report.can_enforce, BEACON_SB_FS_WRITE | BEACON_SB_NET);
    assert_int_equal(strlen(report.detail), sizeof report.detail - 1);
    stage_close(&stage);
}

static void an_older_backend_cannot_diagnose(void **state)
{
    (void)state;
    const struct beacon_bytes nothing = {0};
    const struct beacon_sink sink = {.struct_size = (uint32_t)sizeof sink, .put = add_to_text};
    struct stage stage;
    stage_open(&stage, "com.example.kit:old_jail");
    assert_string_equal(sandbox_backend_name(stage.backend), "old_jail");
    assert_int_equal(sandbox_backend_diagnose(stage.backend, NULL, 0, nothing, &sink),
                     BEACON_E_UNSUPPORTED);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_reaches_the_host_at_its_sizes),
        cmocka_unit_test(a_refused_operation_fails_the_plan_even_if_the_plugin_goes_on),
        cmocka_unit_test(a_report_is_terminated_whatever_the_plugin_wrote),
        cmocka_unit_test(an_older_backend_cannot_diagnose),
    };
    return cmocka_run_group_tests_name("plugin/sandbox_backend", tests, NULL, NULL);
}
