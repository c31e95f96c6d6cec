/* provider_config.h - what a provider plugin is told about its instance, and where the key for it
 * comes from. Secrets stay out of the first. Thread: [main].
 */
#ifndef HOST_CLI_PROVIDER_CONFIG_H
#define HOST_CLI_PROVIDER_CONFIG_H

struct config;
struct provider_settings;

/* The JSON object for the plugin's create(); the caller's to free. The quirks are those of `model`, or of the
 * provider where nothing is known about it. */
char *provider_config_json(const struct provider_settings *settings, const char *model,
                           const char *thread_id);

/* The variables that may hold this provider's key, NULL-terminated, borrowed from `settings`. The one
 * the configuration names goes before those that everybody knows; the one behind the login is last. */
#define PROVIDER_KEY_NAMES_MAX 5
void provider_config_key_names(const struct provider_settings *settings,
                               const char *ret[PROVIDER_KEY_NAMES_MAX + 1]);

/* The auth component this provider's requests need; NULL: they go without credentials of a plugin.
 * Borrowed from both. */
const char *provider_config_auth(const struct config *config,
                                 const struct provider_settings *settings);

/* The JSON object for the create() of that component; the caller's to free. */
char *provider_config_auth_json(const struct provider_settings *settings);

/* forced_login_method does not allow this component to log in to the provider's service: a sentence
 * that says which file says so, the caller's to free. NULL: allowed. */
char *provider_config_forced(const struct config *config, const char *component);

/* The originator this process gives itself: "code_exec", unless the environment says otherwise. */
const char *provider_config_originator(void);

#endif
