/* auth_file.h - auth.json and auth_accounts.json, the login that Beacon shares with Codex.
 *
 * The keys of this namespace are the members of auth.json:
 *   "OPENAI_API_KEY"  the API key, as text
 *   "tokens"          a JSON object as text
 *   "last_refresh"    a moment, as text
 * Members nobody knows stay as they are. With the default home a file missing there is read from the
 * legacy home; writes go to the home alone. Thread: [any]; blocking.
 */
#ifndef HOST_CREDENTIALS_AUTH_FILE_H
#define HOST_CREDENTIALS_AUTH_FILE_H

#include <beacon/host.h>
#include <stdbool.h>

#define AUTH_FILE_KEY "OPENAI_API_KEY"

struct auth_file {
    const char *home;        /* borrowed */
    const char *legacy_home; /* borrowed; NULL: none */
};

/* As the slots of struct beacon_host_secrets. A member that is null is NOT_FOUND; a file that is not
 * what it should be is INVALID, never "not logged in". */
int auth_file_get(const struct auth_file *file, struct beacon_str key,
                  const struct beacon_sink *out, uint64_t *gen, struct beacon_error *err);

/* `is_login`: an API key that comes alone ends every other login: tokens, last_refresh and auth_mode
 * go, and the account is added to the list and made the active one. */
int auth_file_set(const struct auth_file *file, struct beacon_str key, struct beacon_bytes value,
                  uint64_t expect_gen, bool is_login, struct beacon_error *err);

/* The API key or the tokens: log out, which removes auth.json (also one that is malformed) and leaves
 * no account active. What the legacy home has is hidden by an auth.json that says nothing. */
int auth_file_erase(const struct auth_file *file, struct beacon_str key, struct beacon_error *err);

#endif
