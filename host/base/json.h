/* json.h - json-c with the house rules: bounded input, strict syntax, errors that say where.
 *
 * Trees belong to the one who got them (json_object_put, or AUTO_JSON). Thread: [main] for trees.
 */
#ifndef HOST_BASE_JSON_H
#define HOST_BASE_JSON_H

#include <beacon/error.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 64

/* Exactly one JSON value in `n` bytes. `name` is what the error calls the source. */
int json_parse(const char *text, size_t n, const char *name, struct json_object **ret,
               struct beacon_error *err);

/* Members of an object by key; the fallback when absent or of another type. Results are borrowed. */
const char *json_string_of(struct json_object *object, const char *key, const char *fallback);
int64_t json_int_of(struct json_object *object, const char *key, int64_t fallback);
bool json_bool_of(struct json_object *object, const char *key, bool fallback);
struct json_object *json_member(struct json_object *object, const char *key); /* NULL if absent */

#endif
