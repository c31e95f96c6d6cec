/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "cli/command_table.h"
#include "cli/version.h"
#include "cli/wire.h"

static const char *or_none(const char *value)
{
    return value != NULL && value[0] != '\0' ? value : "not set";
}

static void print_key(const struct provider_settings *settings)
{
    if (settings->env_key == NULL) {
        (void)printf("  key        this provider needs none\n");
    } else {
        const char *value = getenv(settings->env_key);
        (void)printf("  key        %s is %s\n", settings->env_key,
                     value != NULL && value[0] != '\0' ? "set" : "not set");
    }
}

static void print_configuration(const struct wire_start *start)
{
    const struct config *config = start->config;
    struct provider_settings settings = {0};
    struct beacon_error err = {0};
    const char *id = config_string(config, "model_provider");
    (void)printf("  config     %s/config.toml\n", start->home.path);
    (void)printf("  model      %s\n", or_none(config_string(config, "model")));
    if (config_provider(config, id, &settings, &err) == BEACON_OK) {
        (void)printf("  provider   %s%s%s\n", id, settings.base_url != NULL ? " at " : "",
                     settings.base_url != NULL ? settings.base_url : "");
        print_key(&settings);
        provider_settings_finish(&settings);
    } else {
        (void)printf("  provider   %s\n", err.message);
    }
    (void)printf("  sandbox    %s\n", or_none(config_string(config, "sandbox_mode")));
}

int welcome(void)
{
    struct wire_start start = {.home_lock_fd = -1};
    struct beacon_error err = {0};
    (void)printf("Beacon %s, a coding agent for your terminal\n\n", BEACON_VERSION);
    if (wire_start(&(struct wire_start_request){0}, &start, &err) == BEACON_OK) {
        (void)printf("Configured\n");
        print_configuration(&start);
        wire_start_finish(&start);
    } else {
        (void)printf("The configuration cannot be used: %s; %s\n", err.message, err.hint);
    }
    (void)printf("\nTo try\n"
                 "  beacon \"explain this project\"               ask; files stay as they are\n"
                 "  beacon --full-auto \"make the tests pass\"    let it change this directory\n"
                 "  beacon exec resume --last \"and now …\"       go on with the last session\n"
                 "  beacon sandbox linux --full-auto -- make    run a command as the agent would\n"
                 "  beacon plugin list                          what is installed\n");
    return EXIT_STATUS_OK;
}
