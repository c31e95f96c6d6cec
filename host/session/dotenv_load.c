/* SPDX-License-Identifier: Apache-2.0 */
#include "session/dotenv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "config/layers.h"
#include "session/home.h"

#define FILE_BYTES_MAX (1u << 20)

static bool starts_with(const char *key, const char *prefix)
{
    return strncasecmp(key, prefix, strlen(prefix)) == 0;
}

static bool ends_with(const char *key, const char *suffix)
{
    size_t n = strlen(key), m = strlen(suffix);
    return n >= m && strcasecmp(key + n - m, suffix) == 0;
}

static bool is_in(const char *key, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcasecmp(key, *names) == 0) {
            return true;
        }
    }
    return false;
}

/* May a repository's .env set this? It must not say where this program keeps its files, bring
 * credentials along, choose which programs and libraries are run, say where requests go and whom they
 * trust, or widen what commands may write ($TMPDIR is writable to them). */
static bool repository_may_set(const char *key)
{
    static const char *const names[] = {"OPENAI_API_KEY",
                                        "AZURE_OPENAI_API_KEY",
                                        "PATH",
                                        "HOME",
                                        "SHELL",
                                        "ENV",
                                        "BASH_ENV",
                                        "IFS",
                                        "TMPDIR",
                                        "SSLKEYLOGFILE",
                                        "GCONV_PATH",
                                        "LOCPATH",
                                        "HOSTALIASES",
                                        "NETRC",
                                        "RES_OPTIONS",
                                        "LOCALDOMAIN",
                                        "EDITOR",
                                        "VISUAL",
                                        "PAGER",
                                        "BROWSER",
                                        "KRB5_CONFIG",
                                        "XDG_CONFIG_HOME",
                                        NULL};
    static const char *const prefixes[] = {"BEACON_",  "CODE_",   "CODEX_",   "LD_",
                                           "DYLD_",    "GIT_",    "SSL_",     "CURL_",
                                           "OPENSSL_", "GNUTLS_", "P11_KIT_", NULL};
    for (const char *const *prefix = prefixes; *prefix != NULL; prefix++) {
        if (starts_with(key, *prefix)) {
            return false;
        }
    }
    return !is_in(key, names) && !ends_with(key, "_BASE_URL") && !ends_with(key, "_PROXY");
}

/* Where the files are read, and for which project. */
struct loading {
    const struct home *home;
    const char *cwd;
};

/* As the person's own configuration says; the project's is not there yet. */
static bool is_project_trusted(const struct loading *loading)
{
    const struct home *home = loading->home;
    const struct config_request request = {.home = home->path,
                                           .legacy_home = home->legacy_path,
                                           .cwd = loading->cwd,
                                           .managed_path = home->managed_path,
                                           .is_default_home = home->is_default};
    struct config *config = NULL;
    struct beacon_error unused = {0};
    if (config_load(&request, &config, &unused) != BEACON_OK) {
        return false; /* the start says why, when it reads the same files */
    }
    bool is_trusted = config_is_project_trusted(config);
    config_destroy(config);
    return is_trusted;
}

static void set_from_home(void *ctx, const char *key, const char *value)
{
    (void)ctx;
    if (!starts_with(key, "CODEX_")) {
        (void)setenv(key, value, 1);
    }
}

/* A moved home brings a configuration, keys and plugins: what a trusted project only may do. */
static void set_from_repository(void *ctx, const char *key, const char *value)
{
    bool moves_home = strcasecmp(key, "CODEX_HOME") == 0;
    if (moves_home ? is_project_trusted(ctx) : repository_may_set(key)) {
        (void)setenv(key, value, 1);
    }
}

static void load_file(const char *path, dotenv_assign_fn assign, struct loading *loading)
{
    AUTO_TEXT struct text text;
    text_init(&text, FILE_BYTES_MAX);
    if (io_read_file(path, &text, NULL) == BEACON_OK) {
        dotenv_parse(text_string(&text), text.len, assign, loading);
    }
}

static bool is_blank(const char *value)
{
    return value == NULL || value[strspn(value, " \t\r\n")] == '\0';
}

void dotenv_load(const struct home *home, const char *cwd)
{
    struct loading loading = {home, cwd};
    AUTO_FREE char *own = home_file(home, ".env");
    load_file(own, set_from_home, &loading);
    AUTO_FREE char *folder = path_find_upwards(cwd, ".env");
    if (folder != NULL) {
        AUTO_FREE char *path = path_join(folder, ".env");
        /* The home itself may lie above cwd: its file was read under its own, wider rules. */
        if (strcmp(path, own) != 0) {
            load_file(path, set_from_repository, &loading);
        }
    }
    const char *code_home = getenv("CODE_HOME");
    if (is_blank(getenv("CODEX_HOME")) && code_home != NULL && !is_blank(code_home)) {
        (void)setenv("CODEX_HOME", code_home, 1);
    }
}
