/* sandbox_config.h - what the configuration says about the sandbox, as its settings.
 *
 * For everything that makes one: a session, `beacon config explain`, `beacon sandbox`. Thread: [main].
 */
#ifndef HOST_CLI_SANDBOX_CONFIG_H
#define HOST_CLI_SANDBOX_CONFIG_H

#include <stddef.h>

#include "sandbox/sandbox.h"

struct config;
struct json_object;

/* The settings and the lists they point to. */
struct sandbox_config {
    struct sandbox_settings settings;
    char **roots; /* NULL-terminated, as the other lists */
    const char **allowed, **denied, **sockets;
};

/* From the effective configuration; `cwd` and `home` are borrowed. `add_dirs` are further writable roots.
 * In read-only the network is off whatever else is configured. sandbox_config_finish() afterwards;
 * `config` must outlive that. */
void sandbox_config_read(const struct config *config, const char *cwd, const char *home,
                         const char *const *add_dirs, size_t n_add_dirs,
                         struct sandbox_config *ret);
void sandbox_config_finish(struct sandbox_config *config);

enum sandbox_mode sandbox_config_mode(const char *name); /* an unknown one is read-only */

#endif
