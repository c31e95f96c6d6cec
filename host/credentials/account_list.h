/* account_list.h - auth_accounts.json: every account the person has logged in with, and which one is
 * active. Thread: [any]; under the lock of auth.json.
 */
#ifndef HOST_CREDENTIALS_ACCOUNT_LIST_H
#define HOST_CREDENTIALS_ACCOUNT_LIST_H

#include <beacon/error.h>
#include <stdint.h>

struct secret_file;

/* INVALID when what was read is no list of accounts. `path` is what errors call it. */
int account_list_check(const struct secret_file *file, const char *path, struct beacon_error *err);

/* Add the account of this API key, or find it again, and make it the active one. `file->tree` is made
 * when it is NULL. */
void account_list_activate_key(struct secret_file *file, const char *key, uint64_t now_ms);

/* No account is active any more; the accounts stay. */
void account_list_deactivate(struct secret_file *file);

#endif
