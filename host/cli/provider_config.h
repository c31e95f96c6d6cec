/* provider_config.h - what a provider plugin is told about its instance, and where the key for it
 * comes from. Secrets stay out of the first. Thread: [main].
 */
#ifndef HOST_CLI_PROVIDER_CONFIG_H
#define HOST_CLI_PROVIDER_CONFIG_H

struct bearer;
struct provider_settings;

/* The JSON object for the plugin's create(); the caller's to free. */
char *provider_config_json(const struct provider_settings *settings, const char *thread_id);

/* Fill *ret; it borrows from `settings`. The variable the configuration names goes before those that
 * everybody knows. */
void provider_config_bearer(const struct provider_settings *settings, struct bearer *ret);

/* The originator this process gives itself: "code_exec", unless the environment says otherwise. */
const char *provider_config_originator(void);

#endif
