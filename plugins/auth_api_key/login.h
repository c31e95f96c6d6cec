/* login.h - login() and logout() of struct beacon_auth. */
#ifndef AUTH_API_KEY_LOGIN_H
#define AUTH_API_KEY_LOGIN_H

#include <beacon/auth.h>

beacon_rc api_key_login(void *inst, struct beacon_str account, uint32_t method,
                        const struct beacon_cancel *c, struct beacon_error *e);
beacon_rc api_key_logout(void *inst, struct beacon_str account, const struct beacon_cancel *c,
                         struct beacon_error *e);

#endif
