/* SPDX-License-Identifier: Apache-2.0 */
#include "toys.h"

#include <beacon/sandbox.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/ini_file.h"
#include "plugin/manifest.h"
#include "plugin/policy.h"
#include "plugin/policy_parts.h"

#define ONE "RWQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TWO "RWQBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* The policy of these files, "1.ini" and so on; the list ends with NULL. */
static int read_policy(const char *const *texts, struct plugin_policy **ret,
                       struct beacon_error *err)
{
    static const char *const names[] = {"1.ini", "2.ini", "3.ini"};
    struct plugin_policy *policy = alloc_zeroed(sizeof *policy);
    int rc = BEACON_OK;
    for (size_t i = 0; texts[i] != NULL && rc == BEACON_OK; i++) {
        struct ini_file *file = NULL;
        assert_ok(ini_file_parse(texts[i], strlen(texts[i]), names[i], &file, err), err);
        rc = policy_add_file(policy, file, err);
        ini_file_destroy(file);
    }
    rc = rc == BEACON_OK ? policy_settle(policy, err) : rc;
    if (rc != BEACON_OK) {
        plugin_policy_destroy(policy);
        return rc;
    }
    *ret = policy;
    return BEACON_OK;
}

static struct plugin_policy *policy_of(const char *first, const char *second)
{
    struct beacon_error err = {0};
    struct plugin_policy *policy = NULL;
    const char *const texts[] = {first, second, NULL};
    assert_ok(read_policy(texts, &policy, &err), &err);
    return policy;
}

/* What reading a policy of one file says. */
static const char *complaint(const char *text)
{
    static struct beacon_error err;
    struct plugin_policy *policy = NULL;
    const char *const texts[] = {text, NULL};
    assert_refused(read_policy(texts, &policy, &err), BEACON_E_POLICY, &err);
    return err.message;
}

static struct plugin_manifest manifest_of(const char *id, const char *capability)
{
    struct plugin_manifest manifest = {.id = id, .version = "1.0.0"};
    if (capability != NULL) {
        manifest.capabilities[manifest.n_capabilities++] = capability;
    }
    return manifest;
}

/* "" when it may be used, else why not. */
static const char *judge(const struct plugin_policy *policy, const char *id, const char *capability,
                         enum plugin_place place, const char *path)
{
    static struct beacon_error err;
    err = (struct beacon_error){0};
    const struct plugin_manifest manifest = manifest_of(id, capability);
    int rc = plugin_policy_judge(policy, &manifest, place, path, &err);
    assert_int_equal(rc, rc == BEACON_OK ? BEACON_OK : BEACON_E_POLICY);
    assert_int_equal(rc == BEACON_OK, err.message[0] == '\0');
    assert_int_equal(rc == BEACON_OK, err.hint[0] == '\0');
    return err.message;
}

static const char *judge_id(const struct plugin_policy *policy, const char *id)
{
    return judge(policy, id, NULL, PLUGIN_PLACE_STATIC, "");
}

static const char *judge_path(const struct plugin_policy *policy, enum plugin_place place,
                              const char *path)
{
    return judge(policy, "com.acme.llm", NULL, place, path);
}

static const char *judge_capability(const struct plugin_policy *policy, const char *capability)
{
    return judge(policy, "com.acme.llm", capability, PLUGIN_PLACE_STATIC, "");
}

static void without_a_policy_everything_may(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    const char *where = NULL;
    assert_string_equal(judge(NULL, "com.evil.x", "threads", PLUGIN_PLACE_ENV, "/x/y.so"), "");
    assert_ok(plugin_policy_judge_override(NULL, "com.beacon.x", &err), &err);
    assert_ok(plugin_policy_judge_origin(NULL, "http://anywhere", &err), &err);
    assert_int_equal(plugin_policy_required_promises(NULL, &where), 0);
    assert_null(plugin_policy_required_telemetry(NULL, 0, &where));
    assert_null(plugin_policy_lock(NULL, &where));
    assert_int_equal(plugin_policy_signer_count(NULL), 0);
}

static void only_what_is_allowed_may_be_used(void **state)
{
    (void)state;
    struct plugin_policy *policy =
        policy_of("[plugins]\nallow = com.beacon.*, com.acme.llm\nallow = org.x\n", NULL);
    assert_string_equal(judge_id(policy, "com.beacon.sandbox-none"), "");
    assert_string_equal(judge_id(policy, "com.acme.llm"), "");
    assert_string_equal(judge_id(policy, "org.x"), "");
    assert_string_equal(judge_id(policy, "com.acme.llm2"),
                        "plugin com.acme.llm2 is not among those the policy allows (1.ini:2)");
    assert_says(judge_id(policy, "com.beaconx"), "not among");
    plugin_policy_destroy(policy);
}

static void every_file_with_an_allow_must_allow(void **state)
{
    (void)state;
    struct plugin_policy *policy =
        policy_of("[plugins]\nallow = com.beacon.*, com.acme.*\n",
                  "[plugins]\n\nallow = com.acme.llm, com.other.x, com.beacon.a\n");
    assert_string_equal(judge_id(policy, "com.acme.llm"), "");
    assert_string_equal(judge_id(policy, "com.beacon.a"), "");
    assert_says(judge_id(policy, "com.other.x"), "(1.ini:2)");
    assert_says(judge_id(policy, "com.acme.two"), "(2.ini:3)");
    plugin_policy_destroy(policy);
}

static void a_file_without_allow_does_not_narrow(void **state)
{
    (void)state;
    struct plugin_policy *policy =
        policy_of("[plugins]\nallow = com.acme.*\n", "[require]\nsandbox = net\n");
    assert_string_equal(judge_id(policy, "com.acme.llm"), "");
    plugin_policy_destroy(policy);
}

static void an_empty_allow_allows_nothing(void **state)
{
    (void)state;
    struct plugin_policy *policy = policy_of("[plugins]\nallow =\n", NULL);
    assert_says(judge_id(policy, "com.beacon.provider-replay"), "(1.ini:2)");
    plugin_policy_destroy(policy);
}

static void a_deny_of_any_file_counts_and_goes_before_allow(void **state)
{
    (void)state;
    struct plugin_policy *policy =
        policy_of("[plugins]\nallow = com.beacon.*\n",
                  "[plugins]\ndeny = com.acme.*\n  com.beacon.sandbox-none\n");
    assert_string_equal(judge_id(policy, "com.beacon.sandbox-landlock"), "");
    assert_string_equal(judge_id(policy, "com.beacon.sandbox-none"),
                        "plugin com.beacon.sandbox-none is denied by the policy (2.ini:3: "
                        "com.beacon.sandbox-none)");
    assert_says(judge_id(policy, "com.acme.x"), "2.ini:2: com.acme.*");
    plugin_policy_destroy(policy);
}

static void plugins_come_from_the_sources_only(void **state)
{
    (void)state;
    struct plugin_policy *policy =
        policy_of("[plugins]\nsources = static, bundled, /opt/acme/\n", NULL);
    assert_string_equal(judge_path(policy, PLUGIN_PLACE_STATIC, ""), "");
    assert_string_equal(judge_path(policy, PLUGIN_PLACE_STATIC, NULL), "");
    assert_string_equal(judge_path(policy, PLUGIN_PLACE_BUNDLED, "/usr/lib/beacon/plugins/a.so"),
                        "");
    assert_string_equal(judge_path(policy, PLUGIN_PLACE_LIBDIR, "/usr/lib/beacon/plugins/a.so"),
                        "");
    assert_string_equal(judge_path(policy, PLUGIN_PLACE_SYSTEM_DROPIN, "/opt/acme/acme.so"), "");
    assert_string_equal(judge_path(policy, PLUGIN_PLACE_ENV, "/opt/acme/deep/er.so"), "");
    assert_says(judge_path(policy, PLUGIN_PLACE_HOME, "/srv/u/plugins/x.so"),
                "does not allow plugins from /srv/u/plugins/x.so (1.ini:2)");
    assert_says(judge_path(policy, PLUGIN_PLACE_ENV, "/opt/acme-evil/x.so"), "1.ini:2");
    assert_says(judge_path(policy, PLUGIN_PLACE_HOME_DROPIN, "/opt/acme/../evil/x.so"),
                "/opt/evil");
    assert_says(judge_path(policy, PLUGIN_PLACE_ENV, "opt/acme/x.so"), "1.ini:2");
    plugin_policy_destroy(policy);
}

static void sources_of_several_files_intersect(void **state)
{
    (void)state;
    struct plugin_policy *policy = policy_of("[plugins]\nsources = static, /opt\n",
                                             "[plugins]\nsources = bundled, /opt/acme\n");
    assert_says(judge_path(policy, PLUGIN_PLACE_STATIC, ""), "2.ini:2");
    assert_says(judge_path(policy, PLUGIN_PLACE_BUNDLED, "/usr/lib/x.so"), "1.ini:2");
    assert_says(judge_path(policy, PLUGIN_PLACE_ENV, "/opt/x.so"), "2.ini:2");
    assert_string_equal(judge_path(policy, PLUGIN_PLACE_ENV, "/opt/acme/x.so"), "");
    plugin_policy_destroy(policy);
}

static void a_capability_is_denied_as_a_whole_or_by_its_text(void **state)
{
    (void)state;
    struct plugin_policy *policy = policy_of("[plugins]\ncapabilities_deny = own-transport, net\n",
                                             "[plugins]\ncapabilities_deny = env:ACME_*\n");
    assert_string_equal(judge_capability(policy, "secrets"), "");
    assert_string_equal(judge_capability(policy, "env:OTHER"), "");
    assert_string_equal(judge_capability(policy, "network"), "");
    assert_says(judge_capability(policy, "own-transport"), "asks for own-transport");
    assert_says(judge_capability(policy, "net:https://*.acme.example"), "1.ini:2");
    assert_says(judge_capability(policy, "env:ACME_*"), "2.ini:2");
    plugin_policy_destroy(policy);
}

static int judge_override(const struct plugin_policy *policy, const char *id)
{
    struct beacon_error err = {0};
    return plugin_policy_judge_override(policy, id, &err);
}

static void an_override_must_be_named(void **state)
{
    (void)state;
    struct plugin_policy *silent = policy_of("[plugins]\ndeny = x\n", NULL);
    assert_int_equal(judge_override(silent, "com.beacon.a"), BEACON_E_POLICY);
    struct plugin_policy *both = policy_of("[plugins]\nallow_override = com.beacon.*\n",
                                           "[plugins]\nallow_override = com.beacon.a\n");
    assert_int_equal(judge_override(both, "com.beacon.a"), BEACON_OK);
    assert_int_equal(judge_override(both, "com.beacon.b"), BEACON_E_POLICY);
    struct plugin_policy *narrow_first = policy_of("[plugins]\nallow_override = com.beacon.a\n",
                                                   "[plugins]\nallow_override = com.beacon.*\n");
    assert_int_equal(judge_override(narrow_first, "com.beacon.b"), BEACON_E_POLICY);
    plugin_policy_destroy(silent);
    plugin_policy_destroy(both);
    plugin_policy_destroy(narrow_first);
}

static void required_promises_add_up(void **state)
{
    (void)state;
    const char *where = NULL;
    struct plugin_policy *policy =
        policy_of("[plugins]\nallow = a\n", "[require]\nsandbox = fs_write, net\nsandbox = proc\n");
    assert_int_equal(plugin_policy_required_promises(policy, &where),
                     BEACON_SB_FS_WRITE | BEACON_SB_NET | BEACON_SB_PROC);
    assert_string_equal(where, "2.ini:2");
    plugin_policy_destroy(policy);
}

static int judge_url(const struct plugin_policy *policy, const char *url)
{
    struct beacon_error err = {0};
    return plugin_policy_judge_origin(policy, url, &err);
}

static void only_the_named_origins_are_spoken_to(void **state)
{
    (void)state;
    struct plugin_policy *policy = policy_of(
        "[require]\nprovider_origins = https://llm.acme.example, http://[::1]:8080/\n", NULL);
    static const char *const good[] = {
        "https://llm.acme.example",
        "https://llm.acme.example/v1/responses?x=1",
        "HTTPS://LLM.Acme.Example:443/v1",
        "https://llm.acme.example#f",
        "http://[::1]:8080/v1",
    };
    static const char *const bad[] = {
        "http://llm.acme.example",
        "https://llm.acme.example:8443/",
        "https://llm.acme.example.evil.example/",
        "https://evil.example/llm.acme.example",
        "https://llm.acme.example@evil.example/",
        "https://evil.example@llm.acme.example/",
        "https://llm.acme.example\\@evil.example/",
        "https://llm.acme.example:443@evil.example/",
        "https://llm.acme.example:/",
        "https://llm.acme.example:0443x/",
        "https://llm%2eacme.example/",
        "https:///llm.acme.example/",
        "https:/llm.acme.example/",
        " https://llm.acme.example/",
        "https://llm.acme.example /",
        "file:///etc/passwd",
        "http://[::1/:8080",
        "",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(judge_url(policy, good[i]), BEACON_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(judge_url(policy, bad[i]), BEACON_E_POLICY);
    }
    plugin_policy_destroy(policy);
}

static void origins_intersect_and_the_refusal_names_the_line(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_policy *policy =
        policy_of("[require]\nprovider_origins = https://a.example, https://b.example\n",
                  "[require]\n;\nprovider_origins = https://b.example\n");
    assert_int_equal(judge_url(policy, "https://b.example/v1"), BEACON_OK);
    assert_refused(plugin_policy_judge_origin(policy, "https://a.example/v1", &err),
                   BEACON_E_POLICY, &err);
    assert_string_equal(err.message, "the policy does not allow requests to https://a.example:443 "
                                     "(2.ini:3 allows https://b.example)");
    plugin_policy_destroy(policy);
}

static void a_plugin_with_its_own_transport_cannot_be_held_to_origins(void **state)
{
    (void)state;
    struct plugin_policy *policy =
        policy_of("[require]\nprovider_origins = https://a.example\n", NULL);
    assert_says(judge_capability(policy, "own-transport"), "makes its own requests");
    assert_string_equal(judge_capability(policy, "net:https://a.example"), "");
    plugin_policy_destroy(policy);
}

static void required_exporters_of_all_files_come_in_order(void **state)
{
    (void)state;
    const char *where = NULL;
    struct plugin_policy *policy =
        policy_of("[require]\ntelemetry = com.acme.audit, com.acme.two\n",
                  "[require]\n\ntelemetry = com.beacon.telemetry-file\n");
    assert_string_equal(plugin_policy_required_telemetry(policy, 0, &where), "com.acme.audit");
    assert_string_equal(plugin_policy_required_telemetry(policy, 1, &where), "com.acme.two");
    assert_string_equal(plugin_policy_required_telemetry(policy, 2, &where),
                        "com.beacon.telemetry-file");
    assert_string_equal(where, "2.ini:3");
    assert_null(plugin_policy_required_telemetry(policy, 3, &where));
    plugin_policy_destroy(policy);
}

static void two_locks_contradict_each_other_and_the_same_twice_does_not(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    const char *where = NULL;
    struct plugin_policy *policy = policy_of("[plugins]\nlock = /etc/code/plugins.lock\n",
                                             "[plugins]\nlock = /etc/code/../code/plugins.lock\n");
    assert_string_equal(plugin_policy_lock(policy, &where), "/etc/code/plugins.lock");
    assert_string_equal(where, "1.ini:2");
    plugin_policy_destroy(policy);
    const char *const texts[] = {"[plugins]\nlock = /a\n", "[plugins]\nlock = /b\n", NULL};
    assert_refused(read_policy(texts, &policy, &err), BEACON_E_POLICY, &err);
    assert_string_equal(err.message, "the policy names two locks: /a (1.ini:2) and /b (2.ini:2)");
}

static void a_signer_must_be_in_every_file_that_has_signers(void **state)
{
    (void)state;
    struct beacon_error err = {0};
    struct plugin_policy *policy =
        policy_of("[plugins]\nsigners = a:" ONE "\nsigners = b:" TWO "\n",
                  "[plugins]\nsigners = other-name:" TWO "\n");
    assert_int_equal(plugin_policy_signer_count(policy), 1);
    assert_string_equal(plugin_policy_signer(policy, 0)->name, "b");
    assert_string_equal(plugin_policy_signer(policy, 0)->public_key, TWO);
    assert_string_equal(plugin_policy_signer(policy, 0)->where, "1.ini:3");
    plugin_policy_destroy(policy);
    const char *const texts[] = {"[plugins]\nsigners = a:" ONE "\n",
                                 "[plugins]\nsigners = a:" TWO "\n", NULL};
    assert_refused(read_policy(texts, &policy, &err), BEACON_E_POLICY, &err);
    assert_says(err.message, "no key in common (1.ini:2, 2.ini:2)");
}

static void a_mistake_is_an_error_with_its_line(void **state)
{
    (void)state;
    static const struct mistake {
        const char *text, *says;
    } mistakes[] = {
        {"[plugin]\n", "1.ini:1: the policy has no section [plugin]"},
        {"[plugins]\n[Require]\n", "1.ini:2: the policy has no section [Require]"},
        {"allow = com.acme.llm\n", "1.ini:1: the policy has no key `allow` in []"},
        {"[plugins]\nalow = com.acme.llm\n", "1.ini:2: the policy has no key `alow` in [plugins]"},
        {"[require]\nallow = com.acme.llm\n",
         "1.ini:2: the policy has no key `allow` in [require]"},
        {"[plugins]\nallow = com.*.llm\n", "1.ini:2: `allow` has 'com.*.llm', which is not"},
        {"[plugins]\nallow = Com.Acme\n", "1.ini:2: `allow` has 'Com.Acme'"},
        {"[plugins]\nallow = a, , b\n", "1.ini:2: an item of `allow` is empty"},
        {"[plugins]\nallow = a,\n", "1.ini:2: an item of `allow` is empty"},
        {"[plugins]\nallow = a b\n", "1.ini:2: `allow` has 'a b'"},
        {"[plugins]\nsources = home\n", "1.ini:2: `sources` has 'home'"},
        {"[plugins]\nlock = plugins.lock\n", "which is not an absolute path"},
        {"[plugins]\nlock =\n", "1.ini:2: `lock` has no value"},
        {"[plugins]\nsigners =\n", "1.ini:2: `signers` has no value"},
        {"[plugins]\nsigners = " ONE "\n", "which is not NAME:KEY"},
        {"[plugins]\nsigners = a:RWQ\n", "which is not NAME:KEY"},
        {"[plugins]\nsigners = :" ONE "\n", "which is not NAME:KEY"},
        {"[plugins]\ncapabilities_deny = own_transport\n", "which is not a capability"},
        {"[require]\nsandbox = fs-write\n", "which is not a promise"},
        {"[require]\nsandbox = FS_WRITE\n", "which is not a promise"},
        {"[require]\nprovider_origins = https://a.example/v1\n", "which is not an origin"},
        {"[require]\nprovider_origins = a.example\n", "which is not an origin"},
        {"[require]\nprovider_origins = https://*.example\n", "which is not an origin"},
        {"[require]\ntelemetry = com.acme.*\n", "which is not a plugin id"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        assert_says(complaint(mistakes[i].text), mistakes[i].says);
    }
}

static void every_line_can_be_listed(void **state)
{
    (void)state;
    struct policy_line line;
    struct plugin_policy *policy =
        policy_of("[plugins]\nallow = a, b\n", "[require]\nsandbox = net\n[plugins]\ndeny =\n");
    assert_int_equal(plugin_policy_file_count(policy), 2);
    assert_true(plugin_policy_line(policy, 1, &line));
    assert_string_equal(line.value, "b");
    assert_true(plugin_policy_line(policy, 2, &line));
    assert_string_equal(line.key, "deny");
    assert_string_equal(line.value, "");
    assert_true(plugin_policy_line(policy, 3, &line));
    assert_string_equal(line.section, "require");
    assert_string_equal(line.where, "2.ini:2");
    assert_false(plugin_policy_line(policy, 4, &line));
    plugin_policy_destroy(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_policy_everything_may),
        cmocka_unit_test(only_what_is_allowed_may_be_used),
        cmocka_unit_test(every_file_with_an_allow_must_allow),
        cmocka_unit_test(a_file_without_allow_does_not_narrow),
        cmocka_unit_test(an_empty_allow_allows_nothing),
        cmocka_unit_test(a_deny_of_any_file_counts_and_goes_before_allow),
        cmocka_unit_test(plugins_come_from_the_sources_only),
        cmocka_unit_test(sources_of_several_files_intersect),
        cmocka_unit_test(a_capability_is_denied_as_a_whole_or_by_its_text),
        cmocka_unit_test(an_override_must_be_named),
        cmocka_unit_test(required_promises_add_up),
        cmocka_unit_test(only_the_named_origins_are_spoken_to),
        cmocka_unit_test(origins_intersect_and_the_refusal_names_the_line),
        cmocka_unit_test(a_plugin_with_its_own_transport_cannot_be_held_to_origins),
        cmocka_unit_test(required_exporters_of_all_files_come_in_order),
        cmocka_unit_test(two_locks_contradict_each_other_and_the_same_twice_does_not),
        cmocka_unit_test(a_signer_must_be_in_every_file_that_has_signers),
        cmocka_unit_test(a_mistake_is_an_error_with_its_line),
        cmocka_unit_test(every_line_can_be_listed),
    };
    return cmocka_run_group_tests_name("plugin/policy", tests, NULL, NULL);
}
