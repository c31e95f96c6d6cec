/* check.h - one check of `beacon plugin check`: a row of check_table.c and a function.
 *
 * Each check runs in a fresh process whose working directory is empty, so it may load the plugin, change
 * whatever it likes and crash. It tells its result by check_fail() and check_skip(); when it returns
 * without having called either, it has passed. Everything here is for that process.
 */
#ifndef SDK_CHECK_CHECK_H
#define SDK_CHECK_CHECK_H

#include <beacon/plugin.h>
#include <stdbool.h>

struct plugin_manifest;
struct manifest_component;
struct slate;
struct text;

/* What a check is about: the file, or each component of these kinds. */
#define CHECK_FILE      1u
#define CHECK_PROVIDER  (1u << BEACON_KIND_PROVIDER)
#define CHECK_SANDBOX   (1u << BEACON_KIND_SANDBOX)
#define CHECK_AUTH      (1u << BEACON_KIND_AUTH)
#define CHECK_TELEMETRY (1u << BEACON_KIND_TELEMETRY)
#define CHECK_COMPONENT (CHECK_PROVIDER | CHECK_SANDBOX | CHECK_AUTH | CHECK_TELEMETRY)

/* What the person asked for; the same in every process. */
struct check_request {
    const char *path;        /* of the plugin file, absolute */
    const char *config;      /* JSON object of an instance, or NULL: derived from the schema */
    const char *transcripts; /* folder, or NULL: beside the file */
    uint64_t seed;           /* of everything that is random */
};

struct check_case {
    const struct check *check;
    const struct check_request *request;
    const struct text *file;                    /* bytes of the plugin file */
    const struct plugin_manifest *manifest;     /* NULL: it cannot be read */
    const struct manifest_component *component; /* NULL in a check of the file */
    struct beacon_error manifest_error;         /* why `manifest` is NULL */
    struct slate *slate;
};

struct check {
    const char *id;       /* "L.threads": its first letter is the group */
    uint32_t kinds;       /* CHECK_FILE, or CHECK_* of the components */
    const char *needs;    /* id of a check that must pass before this one means anything, or NULL */
    const char *sentence; /* what is true of a plugin that passes */
    void (*run)(struct check_case *c);
};

extern const struct check check_table[];
extern const size_t check_table_n;

const char *check_group_title(char group); /* "static audit" for 'S'; static */

/* The plugin did something wrong: what was `seen`, what was `expected`, and what its author can do
 * (`remedy`). The first failure of a check is shown, the others are counted. */
void check_fail(struct check_case *c, const char *expected, const char *remedy, const char *seen,
                ...) __attribute__((format(printf, 4, 5)));

/* The check has nothing to look at here. A failure that was told before stays. */
void check_skip(struct check_case *c, const char *why, ...) __attribute__((format(printf, 2, 3)));

bool check_has_failed(const struct check_case *c);

#endif
