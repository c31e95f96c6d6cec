/* provider_secret.h - what of a provider's values may be shown. Thread: [pure]. */
#ifndef HOST_CLI_PROVIDER_SECRET_H
#define HOST_CLI_PROVIDER_SECRET_H

#include <stdbool.h>

struct json_object;

#define PROVIDER_NOT_SHOWN "(not shown)"

/* Does a value of this name look like a secret: key, token, secret, password, authorization, signature? */
bool provider_secret_name(const char *name);

/* The address without a password and without what stands behind a ?. To free. */
char *provider_secret_url(const char *url);

/* A copy of `json` (may be NULL) without the values of such names at any depth, and with `hides_all` without any
 * string. The caller's to put. */
struct json_object *provider_secret_json(struct json_object *json, bool hides_all);

#endif
