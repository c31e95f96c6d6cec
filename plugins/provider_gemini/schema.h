/* schema.h - a JSON Schema cut down to what the API's own kind of schema knows. Thread: [pure]. */
#ifndef PROVIDER_GEMINI_SCHEMA_H
#define PROVIDER_GEMINI_SCHEMA_H

#include <beacon-sdk/json_write.h>
#include <stdbool.h>

/* Append `schema`, a whole JSON object, without the keywords that the API refuses, at any depth; what
 * stays keeps its order and its bytes. A list of types becomes one type, and "nullable". */
void gemini_schema_put(struct beacon_json_out *out, struct beacon_str schema);

/* False for an object without properties, which the API does not take as parameters. */
bool gemini_schema_has_properties(struct beacon_str schema);

#endif
