/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/path.h"
#include "config/provider_entry.h"
#include "config/provider_list.h"
#include "config/provider_settings.h"
#include "config/toml_value.h"
#include "config_case.h"
#include "profile_case.h"

#define ACME(address) "id: acme\nname: Acme\nwire: chat\nbase_url: " address "\n"

static struct provider_settings settings_of(const struct config *config, const char *id)
{
    struct beacon_error err = {0};
    struct provider_settings settings = {0};
    assert_ok(config_provider(config, id, &settings, &err), &err);
    return settings;
}

static void assert_message(const struct config *config, const char *id, int code,
                           const char *message)
{
    struct beacon_error err = {0};
    struct provider_settings settings = {0};
    assert_refused(config_provider(config, id, &settings, &err), code, &err);
    assert_string_equal(err.message, message);
    assert_null(settings.id);
}

static void a_profile_is_a_provider(void **state)
{
    case_write(state, "bundled/acme.yaml",
               ACME("http://acme/v1") "env_key: ACME_KEY\nauth_header: x-key\nlocal: vllm\n"
                                      "query_params: {api-version: 2024-10-21}\n"
                                      "http_headers: {X-A: \"1\"}\nrequest_max_retries: 2\n"
                                      "quirks: {usage: always, reasoning_out: [thoughts]}\n"
                                      "extra: {temperature: 0.1, provider: {order: [a]}}\n");
    struct config *config = profile_case_load(state, "");
    struct provider_settings settings = settings_of(config, "acme");
    assert_string_equal(settings.name, "Acme");
    assert_string_equal(settings.wire_api, "chat");
    assert_string_equal(settings.plugin, "chat");
    assert_string_equal(settings.base_url, "http://acme/v1");
    assert_string_equal(settings.env_key, "ACME_KEY");
    assert_string_equal(settings.auth_header, "x-key");
    assert_string_equal(settings.local, "vllm");
    assert_string_equal(settings.query[0].value, "2024-10-21");
    assert_string_equal(settings.headers[0].value, "1");
    assert_int_equal(settings.request_max_retries, 2);
    assert_string_equal(settings.quirks, "{\"usage\":\"always\",\"reasoning_out\":[\"thoughts\"]}");
    assert_string_equal(settings.extra, "{\"temperature\":0.1,\"provider\":{\"order\":[\"a\"]}}");
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void a_later_file_replaces_an_earlier_one_entirely(void **state)
{
    case_write(state, "bundled/acme.yaml", ACME("http://bundled/v1") "env_key: A\n");
    case_write(state, "admin/acme.yaml", ACME("http://admin/v1"));
    struct config *config = profile_case_load(state, "");
    struct provider_settings settings = settings_of(config, "acme");
    assert_string_equal(settings.base_url, "http://admin/v1");
    assert_null(settings.env_key);
    provider_settings_finish(&settings);
    case_write(state, "home/providers.d/acme.yaml", ACME("http://home/v1"));
    settings = settings_of(config, "acme");
    assert_string_equal(settings.base_url, "http://home/v1");
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void the_configuration_wins_key_by_key(void **state)
{
    case_write(state, "home/providers.d/acme.yaml",
               ACME("http://home/v1") "quirks: {usage: always, effort_name: think}\nmodels:\n"
                                      "  - {id: m, context: 10, max_output: 5}\n");
    struct config *config =
        profile_case_load(state, "[model_providers.acme]\nbase_url = 'http://mine/v1'\n"
                                 "quirks = {usage = 'none'}\n[model_providers.acme.models.m]\n"
                                 "context_window = 20\nprice_input = '0.5'\n");
    struct provider_settings settings = settings_of(config, "acme");
    const struct model_profile *model = provider_settings_model(&settings, "m");
    assert_string_equal(settings.base_url, "http://mine/v1");
    assert_string_equal(settings.wire_api, "chat");
    assert_string_equal(settings.quirks, "{\"usage\":\"none\",\"effort_name\":\"think\"}");
    assert_int_equal(model->context_tokens, 20);
    assert_int_equal(model->max_output_tokens, 5);
    assert_int_equal(model->prices.input, 500000);
    assert_int_equal(model->prices.output, MODEL_PRICE_UNKNOWN);
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void prices_are_exact(void **state)
{
    case_write(state, "home/providers.d/acme.yaml",
               ACME("http://home/v1") "models:\n  - id: m\n    price:\n      input: 3\n"
                                      "      output: \"15.00\"\n      cache_read: 0.000001\n"
                                      "      cache_write: 123456.654321\n");
    struct config *config = profile_case_load(state, "");
    struct provider_settings settings = settings_of(config, "acme");
    const struct model_profile *model = provider_settings_model(&settings, "m");
    assert_int_equal(model->prices.input, 3000000);
    assert_int_equal(model->prices.output, 15000000);
    assert_int_equal(model->prices.cache_read, 1);
    assert_int_equal(model->prices.cache_write, INT64_C(123456654321));
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void a_model_is_found_by_its_name_then_by_the_longest_beginning(void **state)
{
    case_write(state, "home/providers.d/acme.yaml",
               ACME("http://home/v1") "quirks: {usage: always}\nmodels:\n"
                                      "  - {id: m*, context: 1}\n  - {id: m-big*, context: 2}\n"
                                      "  - {id: m-big-1, context: 3, quirks: {usage: none}}\n");
    struct config *config = profile_case_load(state, "");
    struct provider_settings settings = settings_of(config, "acme");
    assert_int_equal(provider_settings_model(&settings, "m-small")->context_tokens, 1);
    assert_int_equal(provider_settings_model(&settings, "m-big-2")->context_tokens, 2);
    assert_int_equal(provider_settings_model(&settings, "m-big-1")->context_tokens, 3);
    assert_string_equal(provider_settings_model(&settings, "m-big-1")->quirks,
                        "{\"usage\":\"none\"}");
    assert_string_equal(provider_settings_model(&settings, "m")->quirks, "{\"usage\":\"always\"}");
    assert_null(provider_settings_model(&settings, "other"));
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void the_configuration_overrides_limits_of_the_model(void **state)
{
    const struct model_profile model = {.context_tokens = 10, .max_output_tokens = -1};
    struct config *plain = case_load_user(state, "");
    assert_int_equal(config_context_tokens(plain, &model), 10);
    assert_int_equal(config_max_output_tokens(plain, &model), -1);
    assert_int_equal(config_context_tokens(plain, NULL), -1);
    config_destroy(plain);
    struct config *config =
        case_load_user(state, "model_context_window = 7\nmodel_max_output_tokens = 3\n");
    assert_int_equal(config_context_tokens(config, &model), 7);
    assert_int_equal(config_max_output_tokens(config, NULL), 3);
    config_destroy(config);
}

static void a_built_in_takes_only_models_from_elsewhere(void **state)
{
    case_write(state, "home/providers.d/openai.yaml",
               "id: openai\nwire: chat\nbase_url: http://evil/v1\nenv_key: EVIL\nmodels:\n"
               "  - {id: gpt, context: 9}\n");
    struct config *config =
        profile_case_load(state, "[model_providers.openai]\nbase_url = 'http://evil/v1'\n"
                                 "[model_providers.openai.models.gpt]\nprice_output = 2\n");
    struct provider_settings settings = settings_of(config, "openai");
    const struct model_profile *model = provider_settings_model(&settings, "gpt");
    assert_string_equal(settings.base_url, "https://api.openai.com/v1");
    assert_string_equal(settings.wire_api, "responses");
    assert_string_equal(settings.env_key, "OPENAI_API_KEY");
    assert_int_equal(model->context_tokens, 9);
    assert_int_equal(model->prices.output, 2000000);
    assert_true(case_has_warning(config, "but for its models"));
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void oss_has_the_ways_of_ollama(void **state)
{
    case_write(state, "bundled/ollama.yaml",
               "id: ollama\nwire: chat\nbase_url: http://elsewhere/v1\nlocal: ollama\n"
               "quirks: {usage: always}\n");
    case_write(state, "bundled/oss.yaml", "this is not read: [");
    struct config *config = profile_case_load(state, "");
    assert_int_equal(setenv("CODEX_OLLAMA_NUM_CTX", "8192", 1), 0);
    struct provider_settings settings = settings_of(config, "oss");
    assert_int_equal(unsetenv("CODEX_OLLAMA_NUM_CTX"), 0);
    assert_string_equal(settings.base_url, "http://localhost:11434/v1");
    assert_string_equal(settings.wire_api, "chat");
    assert_string_equal(settings.local, "ollama");
    assert_string_equal(settings.quirks, "{\"usage\":\"always\",\"num_ctx\":8192}");
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void only_the_file_that_is_needed_is_opened(void **state)
{
    case_write(state, "bundled/acme.yaml", ACME("http://a/v1"));
    case_write(state, "bundled/broken.yaml", "]");
    case_write(state, "home/providers.d/broken.yaml", "]");
    struct config *config = profile_case_load(state, "");
    assert_int_equal(profile_case_opened(), 0);
    struct provider_settings settings = settings_of(config, "acme");
    assert_int_equal(profile_case_opened(), 1);
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void a_broken_file_is_not_passed_over_for_a_lower_one(void **state)
{
    struct beacon_error err = {0};
    struct provider_settings settings = {0};
    case_write(state, "bundled/acme.yaml", ACME("http://a/v1"));
    case_write(state, "home/providers.d/acme.yaml", ACME("http://a/v1") "nam: x\n");
    struct config *config = profile_case_load(state, "");
    assert_refused(config_provider(config, "acme", &settings, &err), BEACON_E_INVALID, &err);
    assert_non_null(strstr(err.message, "home/providers.d/acme.yaml:5: there is no key `nam`"));
    assert_string_equal(err.hint, "did you mean `name`?");
    config_destroy(config);
}

static void an_id_cannot_lead_out_of_the_folder(void **state)
{
    case_write(state, "home/acme.yaml", ACME("http://a/v1"));
    struct config *config = profile_case_load(state, "");
    assert_message(config, "../acme", BEACON_E_NOT_FOUND, "Model provider `../acme` not found");
    assert_false(profile_id_is_valid(".hidden"));
    assert_false(profile_id_is_valid("a/b"));
    assert_false(profile_id_is_valid(""));
    assert_true(profile_id_is_valid("llama-cpp_2.0"));
    config_destroy(config);
}

static void variables_stand_in_the_address(void **state)
{
    case_write(state, "home/providers.d/acme.yaml",
               ACME("${ACME_HOST}/openai") "query_params: {v: \"${ACME_V}\"}\n");
    struct config *config = profile_case_load(state, "");
    assert_int_equal(unsetenv("ACME_HOST"), 0);
    assert_message(config, "acme", BEACON_E_INVALID,
                   "base_url of model provider `acme` needs the environment variable `ACME_HOST`");
    assert_int_equal(setenv("ACME_HOST", "https://mine/", 1), 0);
    assert_int_equal(setenv("ACME_V", "7", 1), 0);
    struct provider_settings settings = settings_of(config, "acme");
    assert_string_equal(settings.base_url, "https://mine/openai");
    assert_string_equal(settings.query[0].value, "7");
    provider_settings_finish(&settings);
    assert_int_equal(setenv("ACME_HOST", "https://mine/\r\nX: y", 1), 0);
    struct beacon_error err = {0};
    assert_refused(config_provider(config, "acme", &settings, &err), BEACON_E_INVALID, &err);
    assert_int_equal(unsetenv("ACME_HOST"), 0);
    config_destroy(config);
}

static void openrouter_of_the_configuration_is_extra(void **state)
{
    struct config *config = profile_case_load(
        state, "[model_providers.x]\nwire_api = 'chat'\nextra = {route = 'a'}\n"
               "[model_providers.x.openrouter]\nroute = 'b'\nprovider = {sort = 'price'}\n");
    struct provider_settings settings = settings_of(config, "x");
    assert_string_equal(settings.extra, "{\"route\":\"a\",\"provider\":{\"sort\":\"price\"}}");
    provider_settings_finish(&settings);
    config_destroy(config);
}

static void quirks_of_the_configuration_are_checked_with_their_line(void **state)
{
    struct beacon_error err = {0};
    struct provider_settings settings = {0};
    struct config *config = profile_case_load(
        state, "[model_providers.x]\nwire_api = 'chat'\nquirks = {usag = 'none'}\n");
    assert_refused(config_provider(config, "x", &settings, &err), BEACON_E_INVALID, &err);
    assert_non_null(strstr(err.message, "config.toml:3: the wire chat has no quirk `quirks.usag`"));
    assert_string_equal(err.hint, "did you mean `usage`?");
    config_destroy(config);
}

static void extra_has_only_what_json_can_say(void **state)
{
    struct beacon_error err = {0};
    struct provider_settings settings = {0};
    struct config *config =
        profile_case_load(state, "[model_providers.x]\nextra = {a = [1.5, {b = inf}]}\n");
    assert_refused(config_provider(config, "x", &settings, &err), BEACON_E_INVALID, &err);
    assert_non_null(strstr(err.message, "`extra` has a number that no request can carry"));
    config_destroy(config);
}

static void every_value_knows_where_it_was_said(void **state)
{
    struct beacon_error err = {0};
    struct provider_entry entry;
    struct provider_origin origin;
    case_write(state, "home/providers.d/acme.yaml", ACME("http://home/v1"));
    struct config *config =
        profile_case_load(state, "\n[model_providers.acme]\nbase_url = 'http://mine/v1'\n");
    assert_ok(provider_entry_find(config, "acme", &entry, &err), &err);
    assert_non_null(provider_entry_value(&entry, "name", &origin));
    assert_string_equal(origin.file, entry.profile);
    assert_int_equal(origin.line, 2);
    assert_non_null(provider_entry_value(&entry, "base_url", &origin));
    assert_string_equal(path_base(origin.file), "config.toml");
    assert_int_equal(origin.line, 3);
    assert_null(provider_entry_value(&entry, "env_key", &origin));
    config_destroy(config);
}

static const struct provider_listing *find(const struct provider_listing *list, size_t n,
                                           const char *id)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].id, id) == 0) {
            return &list[i];
        }
    }
    fail_msg("there is no %s in the list", id);
    return NULL;
}

static void the_list_tells_what_is_shadowed(void **state)
{
    case_write(state, "bundled/acme.yaml", ACME("http://a/v1"));
    case_write(state, "home/providers.d/acme.yaml", ACME("http://a/v1"));
    case_write(state, "home/providers.d/oss.yaml", "id: oss\n");
    case_write(state, "home/providers.d/openai.yaml", "id: openai\n");
    case_write(state, "home/providers.d/notes.txt", "no profile");
    struct config *config = profile_case_load(state, "[model_providers.acme]\nname = 'x'\n");
    size_t n = 0;
    struct provider_listing *list = provider_list(config, &n);
    const struct provider_listing *acme = find(list, n, "acme");
    assert_int_equal(n, 4); /* acme, openai, oss, replay */
    assert_int_equal(acme->n, 3);
    assert_string_equal(acme->definitions[0].kind, "config");
    assert_string_equal(acme->definitions[1].kind, "home");
    assert_int_equal(acme->definitions[1].use, PROVIDER_USED);
    assert_int_equal(acme->definitions[2].use, PROVIDER_SHADOWED);
    assert_int_equal(find(list, n, "oss")->definitions[1].use, PROVIDER_SHADOWED);
    assert_int_equal(find(list, n, "openai")->definitions[1].use, PROVIDER_MODELS);
    provider_list_free(list, n);
    config_destroy(config);
}

static void every_bundled_profile_can_be_read(void **state)
{
    static const char *const variables[] = {"AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_VERSION"};
    struct config_request request = case_request(state);
    struct beacon_error err = {0};
    struct config *plain = profile_case_load(state, "");
    struct profile_places places = *config_profile_places(plain);
    places.folder[PROFILE_PLACE_BUNDLED] = TEST_DATA_DIR "/../../contrib/providers.d";
    request.profiles = &places;
    struct config *config = case_load(&request);
    size_t n = 0, n_files = 0;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(setenv(variables[i], "https://x", 1), 0);
    }
    struct provider_listing *list = provider_list(config, &n);
    for (size_t i = 0; i < n; i++) {
        struct provider_settings settings = {0};
        assert_ok(config_provider(config, list[i].id, &settings, &err), &err);
        assert_true(settings.base_url != NULL || strcmp(list[i].id, "replay") == 0);
        n_files += strcmp(list[i].definitions[list[i].n - 1].kind, "bundled") == 0;
        provider_settings_finish(&settings);
    }
    assert_true(n_files >= 16);
    provider_list_free(list, n);
    config_destroy(config);
    config_destroy(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_profile_is_a_provider),
        in_temp_dir(a_later_file_replaces_an_earlier_one_entirely),
        in_temp_dir(the_configuration_wins_key_by_key),
        in_temp_dir(prices_are_exact),
        in_temp_dir(a_model_is_found_by_its_name_then_by_the_longest_beginning),
        in_temp_dir(the_configuration_overrides_limits_of_the_model),
        in_temp_dir(a_built_in_takes_only_models_from_elsewhere),
        in_temp_dir(oss_has_the_ways_of_ollama),
        in_temp_dir(only_the_file_that_is_needed_is_opened),
        in_temp_dir(a_broken_file_is_not_passed_over_for_a_lower_one),
        in_temp_dir(an_id_cannot_lead_out_of_the_folder),
        in_temp_dir(variables_stand_in_the_address),
        in_temp_dir(openrouter_of_the_configuration_is_extra),
        in_temp_dir(quirks_of_the_configuration_are_checked_with_their_line),
        in_temp_dir(extra_has_only_what_json_can_say),
        in_temp_dir(every_value_knows_where_it_was_said),
        in_temp_dir(the_list_tells_what_is_shadowed),
        in_temp_dir(every_bundled_profile_can_be_read),
    };
    return cmocka_run_group_tests_name("config/profile_file", tests, NULL, NULL);
}
