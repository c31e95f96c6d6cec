/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include "config_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"

static char *kept[64]; /* the texts handed out, freed at exit */
static size_t n_kept;

static void free_kept(void)
{
    for (size_t i = 0; i < n_kept; i++) {
        free(kept[i]);
    }
}

static const char *keep(char *text)
{
    if (n_kept == 0) {
        (void)atexit(free_kept);
    }
    assert_true(n_kept < sizeof kept / sizeof kept[0]);
    kept[n_kept++] = text;
    return text;
}

struct config_request case_request(void **state)
{
    static const char *const variables[] = {
        "OPENAI_BASE_URL", "CODE_HOME_LOCK",      "OPENAI_WIRE_API", "CODEX_OSS_BASE_URL",
        "CODEX_OSS_PORT",  "OPENAI_ORGANIZATION", "OPENAI_PROJECT"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        assert_int_equal(unsetenv(variables[i]), 0);
    }
    case_write(state, "repo/.git/HEAD", "ref: refs/heads/main\n");
    return (struct config_request){
        .home = temp_path(state, "home"),
        .cwd = temp_path(state, "repo"),
        .managed_path = temp_path(state, "managed.toml"),
    };
}

void case_write(void **state, const char *name, const char *text)
{
    struct beacon_error err = {0};
    const char *path = temp_path(state, name);
    AUTO_FREE char *dir = path_parent(path);
    assert_ok(io_make_directories(dir, 0700, &err), &err);
    write_text(path, text);
}

const char *case_text(void **state, const char *text)
{
    char *out = alloc_string("");
    for (const char *mark = strstr(text, "$TMP"); mark != NULL; mark = strstr(text, "$TMP")) {
        char *more = alloc_printf("%s%.*s%s", out, (int)(mark - text), text, temp_dir(state));
        free(out);
        out = more;
        text = mark + strlen("$TMP");
    }
    char *whole = alloc_printf("%s%s", out, text);
    free(out);
    return keep(whole);
}

struct config *case_load(const struct config_request *request)
{
    struct beacon_error err = {0};
    struct config *config = NULL;
    assert_ok(config_load(request, &config, &err), &err);
    return config;
}

struct config *case_load_user(void **state, const char *user_file)
{
    struct config_request request = case_request(state);
    case_write(state, "home/config.toml", user_file);
    return case_load(&request);
}

struct config *case_load_override(void **state, const char *user_file, const char *override)
{
    struct config_request request = case_request(state);
    case_write(state, "home/config.toml", user_file);
    request.overrides = &override;
    request.n_overrides = 1;
    return case_load(&request);
}

void case_refused(const struct config_request *request, int code, const char *message)
{
    struct beacon_error err = {0};
    struct config *config = NULL;
    assert_refused(config_load(request, &config, &err), code, &err);
    assert_null(config);
    assert_string_equal(err.message, message);
}

bool case_has_warning(const struct config *config, const char *part)
{
    for (size_t i = 0; i < config_warning_count(config); i++) {
        if (strstr(config_warning(config, i), part) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; i < config_warning_count(config); i++) {
        print_message("warning: %s\n", config_warning(config, i));
    }
    return false;
}

void case_assert_origin(const struct config *config, const char *path, enum config_layer layer,
                        uint32_t line)
{
    const struct config_origin *origin = config_origin(config, path);
    assert_non_null(origin);
    assert_string_equal(config_layer_name(origin->layer), config_layer_name(layer));
    assert_int_equal(origin->line, line);
}
