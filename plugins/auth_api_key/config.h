/* config.h - how one instance of the plugin is configured. README.md says what the keys mean. */
#ifndef AUTH_API_KEY_CONFIG_H
#define AUTH_API_KEY_CONFIG_H

#include <beacon/auth.h>
#include <stdbool.h>

#define CONFIG_BYTES_MAX 65536u
#define CONFIG_NAMES_MAX 16

struct api_key_names {
    struct beacon_str at[CONFIG_NAMES_MAX];
    size_t n;
};

/* Spans point into `text` or are static. */
struct api_key_config {
    char *text;
    struct api_key_names env_keys, env_keys_after;
    struct beacon_str ask_for, instructions, header, scheme;
    bool uses_login;
};

extern const char api_key_config_schema[];

/* INVALID names the key that is wrong. On failure nothing is to be freed. */
beacon_rc api_key_config_parse(struct beacon_str json, struct api_key_config *ret,
                               struct beacon_error *err);
void api_key_config_finish(struct api_key_config *config);

#endif
