/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <beacon-sdk/endpoint_quirks.h>

const char gemini_config_schema[] =
    "{\"type\":\"object\",\"required\":[\"base_url\"],\"properties\":{" BEACON_ENDPOINT_PROPERTIES
    ",\"quirks\":{\"type\":\"object\",\"properties\":{"
    "\"schema_name\":{\"type\":\"string\",\"enum\":[\"parametersJsonSchema\",\"parameters\"]},"
    "\"thinking\":{\"type\":\"string\",\"enum\":[\"budget\",\"level\",\"none\"]},"
    "\"foreign_signature\":{\"type\":\"string\"}}}}}";

const char *const gemini_own_fields[] = {
    "systemInstruction", "tools", "toolConfig", "generationConfig", "contents", NULL,
};

static const char *const schema_names[] = {
    [GEMINI_SCHEMA_JSON] = "parametersJsonSchema", [GEMINI_SCHEMA_OPENAPI] = "parameters", NULL};

static const char *const thinking_names[] = {[GEMINI_THINKING_BUDGET] = "budget",
                                             [GEMINI_THINKING_LEVEL] = "level",
                                             [GEMINI_THINKING_NONE] = "none",
                                             NULL};

static const struct beacon_quirk quirks[] = {
    {.key = "schema_name",
     .offset = offsetof(struct gemini_quirks, schema_name),
     .kind = BEACON_QUIRK_CHOICE,
     .choices = schema_names},
    {.key = "thinking",
     .offset = offsetof(struct gemini_quirks, thinking),
     .kind = BEACON_QUIRK_CHOICE,
     .choices = thinking_names},
    {.key = "foreign_signature",
     .offset = offsetof(struct gemini_quirks, foreign_signature),
     .kind = BEACON_QUIRK_TEXT},
};

beacon_rc gemini_config_parse(struct beacon_str json, struct gemini_config *ret,
                              struct beacon_error *err)
{
    memset(ret, 0, sizeof *ret);
    beacon_rc rc = beacon_endpoint_parse(json, &ret->endpoint, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    rc = beacon_endpoint_quirks(&ret->endpoint, quirks, sizeof quirks / sizeof quirks[0],
                                &ret->quirks, err);
    rc = rc == BEACON_OK ? beacon_endpoint_check_extra(&ret->endpoint, gemini_own_fields, err) : rc;
    if (rc != BEACON_OK) {
        gemini_config_finish(ret);
    }
    return rc;
}

void gemini_config_finish(struct gemini_config *config)
{
    beacon_endpoint_finish(&config->endpoint);
}
