/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/toys.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "plugin/auth.h"
#include "plugin/host_api.h"

#define BUNDLED TEST_BUILD_DIR "/lib/beacon/plugins"
#define KEY     "sk-proj-0123456789abcdef"

/* A store of one key and one login of another kind, and a person of few words. */
struct scene {
    const char *key, *tokens; /* NULL: none */
    char written[16384];
    uint64_t generation;
    int get_code; /* instead of looking */
    int n_busy;   /* so many set() say BUSY first */
    int n_erased, n_prompts;
    const char *answer; /* of the person */
    int prompt_code;
    struct plugin_set *set;
    struct auth *auth;
};

static int get(void *ctx, const char *plugin_id, struct beacon_str key,
               const struct beacon_sink *out, uint64_t *gen, struct beacon_error *err)
{
    const struct scene *scene = ctx;
    assert_string_equal(plugin_id, "com.beacon.auth-api-key");
    bool is_key = key.n == strlen("OPENAI_API_KEY") && memcmp(key.p, "OPENAI_API_KEY", key.n) == 0;
    const char *value = is_key ? scene->key : scene->tokens;
    if (scene->get_code != BEACON_OK) {
        return error_set(err, scene->get_code, "mend it", "auth.json is broken");
    }
    if (value == NULL) {
        return error_set(err, BEACON_E_NOT_FOUND, "log in", "there is none");
    }
    *gen = scene->generation;
    return out->put(out, value, strlen(value));
}

static int set(void *ctx, const char *plugin_id, struct beacon_str key, struct beacon_bytes value,
               uint64_t expect_gen, struct beacon_error *err)
{
    struct scene *scene = ctx;
    (void)plugin_id;
    assert_int_equal(key.n, strlen("OPENAI_API_KEY"));
    if (scene->n_busy > 0) {
        scene->n_busy--;
        scene->key = "sk-of-another";
        scene->generation++;
        return error_set(err, BEACON_E_BUSY, "again", "another was first");
    }
    assert_int_equal(expect_gen, scene->key != NULL ? scene->generation : 0);
    (void)snprintf(scene->written, sizeof scene->written, "%.*s", (int)value.n, value.p);
    scene->key = scene->written;
    scene->generation++;
    return BEACON_OK;
}

static int erase(void *ctx, const char *plugin_id, struct beacon_str key, struct beacon_error *err)
{
    struct scene *scene = ctx;
    (void)plugin_id;
    (void)key;
    (void)err;
    scene->n_erased++;
    return BEACON_OK;
}

static int prompt(void *ctx, const char *plugin_id, struct beacon_str label, bool is_secret,
                  const struct beacon_sink *out, const struct beacon_cancel *cancel)
{
    struct scene *scene = ctx;
    (void)plugin_id;
    (void)cancel;
    scene->n_prompts++;
    assert_true(is_secret && label.n > 0);
    return scene->prompt_code != BEACON_OK ? scene->prompt_code
                                           : out->put(out, scene->answer, strlen(scene->answer));
}

static void open_scene(struct scene *scene, const char *config)
{
    static const char *const names[] = {"CODE_API_KEY", "BEACON_API_KEY", "CODEX_API_KEY",
                                        "OPENAI_API_KEY", "MINE_KEY"};
    struct host_services services = {
        .secrets_ctx = scene,
        .secret_get = get,
        .secret_set = set,
        .secret_erase = erase,
        .ui_ctx = scene,
        .prompt = scene->answer != NULL || scene->prompt_code != 0 ? prompt : NULL};
    static const char *const granted[] = {"MINE_KEY", NULL};
    struct beacon_error err = {0};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(unsetenv(names[i]), 0);
    }
    host_api_set_services(&services);
    scene->set = set_of(BUNDLED);
    assert_ok(auth_open(scene->set, "api_key", config, granted, &scene->auth, &err), &err);
}

static void close_scene(struct scene *scene)
{
    auth_close(scene->auth);
    plugin_set_close(scene->set);
    host_api_set_services(NULL);
}

static int acquire(struct scene *scene, uint32_t why, uint64_t rejected, struct auth_grant *ret,
                   struct beacon_error *err)
{
    const struct beacon_need need = {
        .struct_size = (uint32_t)sizeof need, .why = why, .rejected_gen = rejected};
    return auth_acquire(scene->auth, &need, NULL, ret, err);
}

static void assert_key(struct scene *scene, const char *wanted)
{
    struct beacon_error err = {0};
    struct auth_grant grant = {0};
    assert_ok(acquire(scene, BEACON_WANT_USE, 0, &grant, &err), &err);
    assert_int_equal(grant.n_headers, 1);
    assert_string_equal(grant.headers[0].name, "Authorization");
    assert_string_equal(grant.headers[0].value, wanted);
    assert_int_equal(grant.expires_unix_ms, 0);
    auth_grant_finish(&grant);
}

static void set_variable(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}

static void the_sources_are_asked_in_order_and_blanks_are_none(void **state)
{
    (void)state;
    struct scene scene = {0};
    open_scene(&scene, "{\"env_keys\":[\"MINE_KEY\",\"CODE_API_KEY\",\"CODEX_API_KEY\"]}");
    set_variable("OPENAI_API_KEY", "last");
    assert_key(&scene, "Bearer last");
    scene.key = " \n";
    assert_key(&scene, "Bearer last");
    scene.key = "stored";
    assert_key(&scene, "Bearer stored");
    set_variable("CODEX_API_KEY", "third");
    assert_key(&scene, "Bearer third");
    set_variable("CODE_API_KEY", " \tsecond \r\nX-Evil: 1");
    assert_key(&scene, "Bearer second");
    set_variable("MINE_KEY", " \t\r\n");
    assert_key(&scene, "Bearer second");
    set_variable("MINE_KEY", "first\n");
    assert_key(&scene, "Bearer first");
    close_scene(&scene);
}

static void without_a_login_the_store_is_not_looked_at(void **state)
{
    (void)state;
    struct scene scene = {.key = "stored", .get_code = BEACON_E_IO};
    struct beacon_error err = {0};
    struct auth_grant grant = {0};
    open_scene(&scene, "{\"env_keys\":[\"MINE_KEY\"],\"env_keys_after\":[],\"login\":false,"
                       "\"ask_for\":\"MINE_KEY\",\"instructions\":\"Ask Bob.\"}");
    set_variable("OPENAI_API_KEY", "not for this provider");
    assert_refused(acquire(&scene, BEACON_WANT_USE, 0, &grant, &err), BEACON_E_AUTH, &err);
    assert_string_equal(err.message, "Missing environment variable: `MINE_KEY`. Ask Bob.");
    set_variable("MINE_KEY", "mine");
    assert_key(&scene, "Bearer mine");
    close_scene(&scene);
}

static void a_store_that_cannot_be_read_is_no_missing_login(void **state)
{
    (void)state;
    struct scene scene = {.get_code = BEACON_E_INVALID};
    struct beacon_error err = {0};
    struct beacon_auth_status status;
    struct auth_grant grant = {0};
    open_scene(&scene, NULL);
    set_variable("OPENAI_API_KEY", "would be used without the file");
    assert_refused(acquire(&scene, BEACON_WANT_USE, 0, &grant, &err), BEACON_E_INVALID, &err);
    assert_string_equal(err.message, "auth.json is broken");
    assert_refused(auth_status(scene.auth, "", &status, &err), BEACON_E_INVALID, &err);
    close_scene(&scene);
}

static void a_login_of_another_kind_is_told_from_none(void **state)
{
    (void)state;
    struct scene scene = {.tokens = "{\"access_token\":\"t\"}"};
    struct beacon_error err = {0};
    struct beacon_auth_status status;
    struct auth_grant grant = {0};
    open_scene(&scene, NULL);
    assert_refused(acquire(&scene, BEACON_WANT_USE, 0, &grant, &err), BEACON_E_AUTH, &err);
    assert_says(err.message, "ChatGPT");
    assert_ok(auth_status(scene.auth, "", &status, &err), &err);
    assert_string_equal(status.detail, "Logged in using ChatGPT");
    set_variable("OPENAI_API_KEY", "k");
    assert_key(&scene, "Bearer k");
    close_scene(&scene);
}

static void the_status_shows_the_ends_of_a_long_key_only(void **state)
{
    (void)state;
    static const struct {
        const char *key, *detail;
    } rows[] = {{NULL, "Not logged in"},
                {"sk-1", "Logged in using an API key - ***"},
                {"1234567890123", "Logged in using an API key - ***"},
                {"12345678901234", "Logged in using an API key - 12345678***01234"},
                {KEY, "Logged in using an API key - sk-proj-***bcdef"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene scene = {.key = rows[i].key};
        struct beacon_error err = {0};
        struct beacon_auth_status status;
        open_scene(&scene, NULL);
        assert_ok(auth_status(scene.auth, "", &status, &err), &err);
        assert_string_equal(status.detail, rows[i].detail);
        assert_int_equal(status.state, rows[i].key != NULL ? BEACON_AUTH_IN : BEACON_AUTH_OUT);
        assert_int_equal(status.methods, BEACON_LOGIN_NONE | BEACON_LOGIN_SECRET);
        close_scene(&scene);
    }
}

static void a_key_that_was_refused_is_not_offered_again(void **state)
{
    (void)state;
    struct scene scene = {.key = "old", .generation = 7};
    struct beacon_error err = {0};
    struct auth_grant grant = {0};
    open_scene(&scene, NULL);
    assert_refused(acquire(&scene, BEACON_WANT_REJECTED, 7, &grant, &err), BEACON_E_AUTH, &err);
    assert_says(err.hint, "beacon login --with-api-key");
    scene.key = "new";
    scene.generation = 8;
    assert_ok(acquire(&scene, BEACON_WANT_REJECTED, 7, &grant, &err), &err);
    assert_string_equal(grant.headers[0].value, "Bearer new");
    assert_int_equal(grant.generation, 8);
    auth_grant_finish(&grant);
    set_variable("CODE_API_KEY", "one");
    assert_ok(acquire(&scene, BEACON_WANT_USE, 0, &grant, &err), &err);
    uint64_t one = grant.generation;
    auth_grant_finish(&grant);
    assert_refused(acquire(&scene, BEACON_WANT_REJECTED, one, &grant, &err), BEACON_E_AUTH, &err);
    assert_says(err.hint, "CODE_API_KEY");
    set_variable("CODE_API_KEY", "two");
    assert_ok(acquire(&scene, BEACON_WANT_REJECTED, one, &grant, &err), &err);
    auth_grant_finish(&grant);
    close_scene(&scene);
}

static void what_is_no_key_is_told_and_not_shown(void **state)
{
    (void)state;
    struct scene scene = {0};
    struct beacon_error err = {0};
    struct auth_grant grant = {0};
    static char huge[20000];
    memset(huge, 'k', sizeof huge - 1);
    open_scene(&scene, NULL);
    set_variable("CODE_API_KEY", "sk-\x01-secret");
    assert_refused(acquire(&scene, BEACON_WANT_USE, 0, &grant, &err), BEACON_E_INVALID, &err);
    assert_says(err.message, "CODE_API_KEY");
    assert_null(strstr(err.message, "secret"));
    set_variable("CODE_API_KEY", huge);
    assert_refused(acquire(&scene, BEACON_WANT_USE, 0, &grant, &err), BEACON_E_LIMIT, &err);
    assert_int_equal(unsetenv("CODE_API_KEY"), 0);
    scene.key = huge;
    assert_refused(acquire(&scene, BEACON_WANT_USE, 0, &grant, &err), BEACON_E_LIMIT, &err);
    close_scene(&scene);
}

static void a_request_never_prompts(void **state)
{
    (void)state;
    struct scene scene = {.answer = KEY};
    struct beacon_error err = {0};
    struct beacon_auth_status status;
    struct auth_grant grant = {0};
    open_scene(&scene, NULL);
    for (uint32_t why = BEACON_WANT_USE; why <= BEACON_WANT_REJECTED; why++) {
        assert_refused(acquire(&scene, why, 1, &grant, &err), BEACON_E_AUTH, &err);
    }
    assert_ok(auth_status(scene.auth, "", &status, &err), &err);
    assert_int_equal(scene.n_prompts, 0);
    close_scene(&scene);
}

static void a_login_keeps_the_answer_though_others_log_in_too(void **state)
{
    (void)state;
    struct scene scene = {.answer = "  " KEY "\r\n", .n_busy = 3, .generation = 1};
    struct beacon_error err = {0};
    open_scene(&scene, NULL);
    assert_ok(auth_login(scene.auth, "", BEACON_LOGIN_SECRET, NULL, &err), &err);
    assert_string_equal(scene.written, KEY);
    assert_key(&scene, "Bearer " KEY);
    close_scene(&scene);
}

static void an_answer_that_is_no_key_is_not_kept(void **state)
{
    (void)state;
    static const char *const answers[] = {"", " \n", "two words", "k\x7f", "k\xc3\xa9"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct scene scene = {.answer = answers[i]};
        struct beacon_error err = {0};
        open_scene(&scene, NULL);
        assert_refused(auth_login(scene.auth, "", BEACON_LOGIN_SECRET, NULL, &err),
                       BEACON_E_INVALID, &err);
        assert_null(scene.key);
        close_scene(&scene);
    }
}

static void a_login_needs_a_person_and_the_right_method(void **state)
{
    (void)state;
    struct scene alone = {0}, unwilling = {.prompt_code = BEACON_E_CANCELLED};
    struct beacon_error err = {0};
    open_scene(&alone, NULL);
    assert_refused(auth_login(alone.auth, "", BEACON_LOGIN_SECRET, NULL, &err),
                   BEACON_E_UNSUPPORTED, &err);
    assert_refused(auth_login(alone.auth, "", BEACON_LOGIN_BROWSER, NULL, &err),
                   BEACON_E_UNSUPPORTED, &err);
    close_scene(&alone);
    open_scene(&unwilling, NULL);
    assert_refused(auth_login(unwilling.auth, "", BEACON_LOGIN_SECRET, NULL, &err),
                   BEACON_E_CANCELLED, &err);
    close_scene(&unwilling);
}

static void a_logout_erases_what_is_there_also_when_it_cannot_be_read(void **state)
{
    (void)state;
    struct scene none = {0}, some = {.key = KEY}, broken = {.get_code = BEACON_E_INVALID};
    struct beacon_error err = {0};
    open_scene(&none, NULL);
    assert_refused(auth_logout(none.auth, "", NULL, &err), BEACON_E_NOT_FOUND, &err);
    assert_int_equal(none.n_erased, 0);
    close_scene(&none);
    open_scene(&some, NULL);
    assert_ok(auth_logout(some.auth, "", NULL, &err), &err);
    assert_int_equal(some.n_erased, 1);
    close_scene(&some);
    open_scene(&broken, NULL);
    assert_ok(auth_logout(broken.auth, "", NULL, &err), &err);
    assert_int_equal(broken.n_erased, 1);
    close_scene(&broken);
}

static void a_configuration_that_is_wrong_names_the_key(void **state)
{
    (void)state;
    static const struct {
        const char *config, *says;
    } rows[] = {{"{\"env_keys\":\"X\"}", "env_keys"}, {"{\"env_keys\":[1]}", "env_keys"},
                {"{\"login\":1}", "login"},           {"{\"header\":\"a b\"}", "header"},
                {"{\"header\":\"\"}", "header"},      {"{\"scheme\":\"a\\nb\"}", "scheme"},
                {"{\"ask_for\":{}}", "ask_for"},      {"[]", "JSON object"},
                {"{\"env_keys\":[]", "JSON object"},  {"{} x", "JSON object"}};
    struct plugin_set *plugins = set_of(BUNDLED);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct beacon_error err = {0};
        struct auth *auth = NULL;
        assert_refused(auth_open(plugins, "api_key", rows[i].config, NULL, &auth, &err),
                       BEACON_E_INVALID, &err);
        assert_says(err.message, rows[i].says);
    }
    plugin_set_close(plugins);
}

static void header_and_scheme_are_as_configured(void **state)
{
    (void)state;
    struct scene scene = {.key = "k"};
    struct beacon_error err = {0};
    struct auth_grant grant = {0};
    open_scene(&scene, "{\"header\":\"api-key\",\"scheme\":\"\",\"unknown\":[{\"a\":1}]}");
    assert_ok(acquire(&scene, BEACON_WANT_USE, 0, &grant, &err), &err);
    assert_string_equal(grant.headers[0].name, "api-key");
    assert_string_equal(grant.headers[0].value, "k");
    auth_grant_finish(&grant);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sources_are_asked_in_order_and_blanks_are_none),
        cmocka_unit_test(without_a_login_the_store_is_not_looked_at),
        cmocka_unit_test(a_store_that_cannot_be_read_is_no_missing_login),
        cmocka_unit_test(a_login_of_another_kind_is_told_from_none),
        cmocka_unit_test(the_status_shows_the_ends_of_a_long_key_only),
        cmocka_unit_test(a_key_that_was_refused_is_not_offered_again),
        cmocka_unit_test(what_is_no_key_is_told_and_not_shown),
        cmocka_unit_test(a_request_never_prompts),
        cmocka_unit_test(a_login_keeps_the_answer_though_others_log_in_too),
        cmocka_unit_test(an_answer_that_is_no_key_is_not_kept),
        cmocka_unit_test(a_login_needs_a_person_and_the_right_method),
        cmocka_unit_test(a_logout_erases_what_is_there_also_when_it_cannot_be_read),
        cmocka_unit_test(a_configuration_that_is_wrong_names_the_key),
        cmocka_unit_test(header_and_scheme_are_as_configured),
    };
    return cmocka_run_group_tests_name("plugins/auth_api_key", tests, NULL, NULL);
}
