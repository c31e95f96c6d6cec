/* attach.h - the credentials of one provider instance, put on its requests after the provider plugin is
 * done with them: a provider plugin never sees them.
 *
 * Bound to one origin, that of base_url; a request elsewhere goes without. They come from an auth
 * plugin, loaded with the first request that needs it and asked on a worker; what it gives is kept
 * until it is about to expire, so only the first request waits. One question at a time.
 * Thread: [main].
 */
#ifndef HOST_CREDENTIALS_ATTACH_H
#define HOST_CREDENTIALS_ATTACH_H

#include <stdbool.h>

#include "http/request.h"

struct credentials;
struct loop;
struct plugin_set;
struct store;

struct credentials_parts { /* all outlive the credentials */
    struct loop *loop;
    struct http *http;
    struct plugin_set *plugins;
    struct store *store; /* whose lock is held while a login is renewed; NULL: none is */
};

struct credentials_settings { /* copied; NULL where the comment allows it */
    const char *base_url;     /* NULL: nothing is ever attached */
    const char *token;        /* configured: used as it is, no plugin is asked; NULL: none */
    const char *component;    /* auth plugin; NULL: the provider needs no credentials */
    const char *config_json;  /* for its create(); NULL: {} */
    const char *const *headers_command; /* NULL-terminated, of header_command.h; NULL: none */
    const char *headers_cwd;            /* of that command */
    const char *const
        *env_names;      /* NULL-terminated: what the configuration lets it read; or NULL */
    const char *refusal; /* a sentence: why the plugin may not be used; NULL: it may */
    const char *refusal_hint;
};

struct credentials *credentials_create(const struct credentials_parts *parts,
                                       const struct credentials_settings *settings);

/* The plugin's call under way is cancelled; true when it ignores that: its thread still runs in the
 * plugin, which must not be unloaded. NULL is fine. */
bool credentials_destroy(struct credentials *self);

/* struct http_credentials.attach; `ctx` is a struct credentials. AUTH: there is nothing to attach and
 * the person must log in; the message says how. */
int credentials_attach(void *ctx, const struct beacon_http_request *rq,
                       struct http_header_sink *out, struct beacon_error *err);

/* The server refused (401) what was attached last: ask the plugin for something newer, and let the command
 * for headers run again. False when nothing of either was attached, or the plugin is being asked
 * already: `done` is not called. Else `done` follows from the loop; `err` is NULL when there is, or may
 * be, something newer. */
typedef void (*credentials_renewed_fn)(void *ctx, const struct beacon_error *err);
bool credentials_renew(struct credentials *self, credentials_renewed_fn done, void *ctx);
void credentials_forget_renewal(struct credentials *self); /* `done` will not be called */

#endif
