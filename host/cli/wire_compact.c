/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_compact.h"

#include "agent/agent.h"
#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/path.h"
#include "base/text.h"
#include "config/layers.h"

#define PROMPT_BYTES_MAX (64u << 10)

int wire_compact_read_prompt(const struct config *config, const char *cwd, char **ret,
                             struct beacon_error *err)
{
    const char *words = config_string(config, "compact_prompt_override");
    const char *file = config_string(config, "compact_prompt_file");
    if (words != NULL && words[0] != '\0') {
        *ret = alloc_string(words);
        return BEACON_OK;
    }
    if (file == NULL || file[0] == '\0') {
        return BEACON_OK;
    }
    AUTO_TEXT struct text content;
    text_init(&content, PROMPT_BYTES_MAX);
    AUTO_FREE char *path = path_normal(cwd, file);
    int rc = io_read_file(path, &content, err);
    if (rc == BEACON_OK && content.len == 0) {
        rc = error_set(err, BEACON_E_INVALID, "write the prompt into it, or remove the key",
                       "compact_prompt_file %s is empty", path);
    }
    if (rc == BEACON_OK) {
        *ret = text_take(&content);
    }
    return rc;
}

static int64_t tokens_of(const struct config *config, const char *key)
{
    return config_is_set(config, key) ? config_int(config, key) : 0;
}

void wire_compact_limit(const struct config *config, struct agent_settings *settings)
{
    settings->context_tokens = tokens_of(config, "model_context_window");
    settings->compact_limit = tokens_of(config, "model_auto_compact_token_limit");
}
