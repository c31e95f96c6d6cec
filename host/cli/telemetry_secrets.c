/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/telemetry_secrets.h"

#include <stdbool.h>
#include <string.h>

#include "base/auto.h"
#include "base/io.h"
#include "base/json.h"
#include "base/path.h"
#include "base/text.h"
#include "telemetry/redact.h"

#define AUTH_FILE_MAX (1u << 20)

extern char **environ;

/* The names that commands of the model do not get either. */
static bool is_named_like_a_secret(const char *variable, size_t n)
{
    static const char *const words[] = {"KEY", "SECRET", "TOKEN", "PASSWORD"};
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        const size_t len = strlen(words[w]);
        for (size_t i = 0; i + len <= n; i++) {
            if (strncasecmp(variable + i, words[w], len) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void add_environment(telemetry_secret_fn add, void *ctx)
{
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');
        if (equals != NULL && is_named_like_a_secret(*entry, (size_t)(equals - *entry))) {
            add(ctx, equals + 1);
        }
    }
}

static void add_auth_file(const char *home, telemetry_secret_fn add, void *ctx)
{
    static const char *const names[] = {"OPENAI_API_KEY", "access_token", "refresh_token",
                                        "id_token"};
    AUTO_FREE char *path = path_join(home, "auth.json");
    AUTO_TEXT struct text content;
    AUTO_JSON struct json_object *root = NULL;
    text_init(&content, AUTH_FILE_MAX);
    if (io_read_file(path, &content, NULL) != BEACON_OK || content.len == 0) {
        return;
    }
    const int rc = json_parse(text_string(&content), content.len, path, &root, NULL);
    explicit_bzero(content.data, content.len);
    if (rc != BEACON_OK || !json_object_is_type(root, json_type_object)) {
        return;
    }
    struct json_object *tokens = json_member(root, "tokens");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        add(ctx, json_string_of(root, names[i], NULL));
        if (json_object_is_type(tokens, json_type_object)) {
            add(ctx, json_string_of(tokens, names[i], NULL));
        }
    }
}

void telemetry_secrets_each(const char *home, telemetry_secret_fn add, void *ctx)
{
    add_environment(add, ctx);
    add_auth_file(home, add, ctx);
}

static void add_to_redact(void *ctx, const char *secret)
{
    redact_add_secret(ctx, secret);
}

void telemetry_secrets_add(struct redact *redact, const char *home, const char *token)
{
    telemetry_secrets_each(home, add_to_redact, redact);
    redact_add_secret(redact, token);
}
