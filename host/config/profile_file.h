/* profile_file.h - provider profiles: what is known about one service, as a file <id>.yaml.
 *
 * Three folders, the later one's file replaces that of the earlier one entirely:
 *
 *     <datadir>/beacon/providers.d    /etc/code/providers.d    $CODE_HOME/providers.d
 *
 * Nothing of a repository is ever read. A file is opened when its provider is asked for, not before.
 * The result is a table with the keys of `[model_providers.<id>]`, so both merge key by key.
 * docs/providers.md tells people what may be in a file. Thread: [main].
 */
#ifndef HOST_CONFIG_PROFILE_FILE_H
#define HOST_CONFIG_PROFILE_FILE_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct config;
struct toml_value;

#define PROFILE_SUFFIX ".yaml"

enum profile_place { /* from the lowest */
                     PROFILE_PLACE_BUNDLED,
                     PROFILE_PLACE_ADMIN,
                     PROFILE_PLACE_HOME,
                     PROFILE_PLACES,
};

/* The folders, absolute, NULL where there is none; copied. Who may have written a file is for the room
 * above to judge: `open` gives a descriptor of a file nobody else can have changed. NOT_FOUND: there is
 * no such file; any other failure is final, no lower file is taken instead. */
struct profile_places {
    const char *folder[PROFILE_PLACES];
    int (*open)(void *ctx, const char *path, enum profile_place place, int *ret_fd,
                struct beacon_error *err);
    void *ctx;
};

/* One file that was found. In the arena it was read into. */
struct profile_file {
    const char *path;
    enum profile_place place;
    const struct toml_value *table; /* each value's owner is a struct layer_source */
};

/* Letters, digits, "-", "_" and ".", beginning with a letter or digit, at most 64 of them. */
bool profile_id_is_valid(const char *id);

/* The file that counts for `id`. NOT_FOUND: none of the folders has one. INVALID, LIMIT: "FILE:LINE: …". */
int profile_file_find(const struct profile_places *places, const char *id, struct arena *arena,
                      struct profile_file *ret, struct beacon_error *err);

/* The file of one place alone. */
int profile_file_open(const struct profile_places *places, enum profile_place place, const char *id,
                      struct arena *arena, struct profile_file *ret, struct beacon_error *err);

/* The same from bytes: `name` is what errors call them, `id` what the file must be called. */
struct profile_text {
    const char *name, *id;
    const char *text;
    size_t len;
};
int profile_file_parse(const struct profile_text *text, struct arena *arena,
                       const struct toml_value **ret, struct beacon_error *err);

const char *profile_place_name(enum profile_place place); /* "bundled", "admin", "home"; static */

/* In the arena; NULL gives NULL. */
const struct profile_places *profile_places_copy(struct arena *arena,
                                                 const struct profile_places *places);

/* The places a configuration was loaded with; NULL: none. */
const struct profile_places *config_profile_places(const struct config *config);

#endif
