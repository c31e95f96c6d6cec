/* config_json.h - a configuration value as JSON: dates and times become strings. Thread: [main]. */
#ifndef HOST_CONFIG_CONFIG_JSON_H
#define HOST_CONFIG_CONFIG_JSON_H

struct json_object;
struct toml_value;

struct json_object *config_json(const struct toml_value *value); /* the caller's to put */

#endif
