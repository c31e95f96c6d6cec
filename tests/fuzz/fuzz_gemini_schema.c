/* SPDX-License-Identifier: Apache-2.0
 *
 * A tool's schema, cut down to what the Gemini API knows: JSON stays JSON, nothing grows by more than
 * "nullable" for a list of types, and what was cut down once is not cut any further.
 */
#include <beacon-sdk/json_string.h>
#include <stdint.h>
#include <stdlib.h>

#include "schema.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct beacon_str schema = beacon_span((const char *)data, size);
    struct beacon_json_out once, twice;
    if (!beacon_json_is_whole(schema, '{')) {
        return 0;
    }
    beacon_json_out_init(&once, 4 * size + 64);
    beacon_json_out_init(&twice, 4 * size + 64);
    (void)gemini_schema_has_properties(schema);
    gemini_schema_put(&once, schema);
    must(!once.failed && beacon_json_is_whole(beacon_json_out_text(&once), '{'));
    gemini_schema_put(&twice, beacon_json_out_text(&once));
    must(!twice.failed &&
         beacon_span_equal(beacon_json_out_text(&once), beacon_json_out_text(&twice)));
    beacon_json_out_finish(&once);
    beacon_json_out_finish(&twice);
    return 0;
}
