/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/command_table.h"
#include "cli/login_person.h"
#include "cli/printable.h"
#include "cli/provider_config.h"
#include "cli/wire.h"
#include "credentials/login.h"
#include "credentials/store.h"
#include "loop/loop.h"
#include "plugin/auth.h"
#include "plugin/discover.h"
#include "plugin/host_api.h"
#include "plugin/loader.h"
#include "plugin/manifest.h"

enum option_id { OPT_API_KEY = 1, OPT_CONFIG, OPT_DEVICE, OPT_HELP, OPT_SAFE_MODE, OPT_WITH_KEY };

static const struct args_option options[] = {
    {OPT_WITH_KEY, 0, "with-api-key", NULL, ARGS_FLAG, NULL, NULL,
     "Read the API key from standard input, or ask for it"},
    {OPT_DEVICE, 0, "device-auth", "experimental_use-device-code", ARGS_FLAG, NULL, NULL,
     "Log in with a code that is entered on another device"},
    {OPT_CONFIG, 'c', "config", NULL, ARGS_VALUE, "key=value", NULL,
     "Override a value of config.toml; the value is TOML, else text"},
    {OPT_SAFE_MODE, 0, "safe-mode", NULL, ARGS_FLAG, NULL, NULL,
     "Use only the plugins that came with beacon"},
    {OPT_HELP, 'h', "help", NULL, ARGS_FLAG, NULL, NULL, "Print this help"},
    {OPT_API_KEY, 0, "api-key", NULL, ARGS_VALUE, "KEY", NULL, NULL}, /* refused with a hint */
};

static const struct args_table login_table = {"beacon login [OPTIONS] [status]", options,
                                              sizeof options / sizeof options[0]};
/* The last three are the ones a logout has. */
static const struct args_table logout_table = {"beacon logout [OPTIONS]", options + 2, 3};

struct login_run {
    const struct args_table *table;
    const char **overrides;
    size_t n_overrides;
    bool has_api_key, has_with_key, has_device, wants_help, wants_status, is_safe_mode;
    struct wire_start start;
    struct wire_plugins plugins;
    struct store *store;
    struct auth *auth;
    struct loop *loop;
    struct login *login; /* under way */
    int signal_number;
    int rc;
    struct beacon_error err;
};

static int take_option(void *ctx, int id, const char *value, struct beacon_error *err)
{
    struct login_run *run = ctx;
    switch (id) {
    case OPT_API_KEY:
        run->has_api_key = true;
        return BEACON_OK;
    case OPT_CONFIG:
        run->overrides =
            alloc_grow((void *)run->overrides, run->n_overrides + 1, sizeof *run->overrides);
        run->overrides[run->n_overrides++] = value;
        return BEACON_OK;
    case OPT_DEVICE:
        run->has_device = true;
        return BEACON_OK;
    case OPT_HELP:
        run->wants_help = true;
        return BEACON_OK;
    case OPT_SAFE_MODE:
        run->is_safe_mode = true;
        return BEACON_OK;
    case OPT_WITH_KEY:
        run->has_with_key = true;
        return BEACON_OK;
    default:
        if (run->table == &login_table && strcmp(value, "status") == 0 && !run->wants_status) {
            run->wants_status = true;
            return BEACON_OK;
        }
        return error_set(err, BEACON_E_INVALID, "see --help", "unexpected argument '%.80s' found",
                         value);
    }
}

/* ---- opening and closing ---- */

/* Of the configured provider, if there is such a one, without the key it may have for itself. */
static char *instance_json(const struct provider_settings *settings)
{
    AUTO_JSON struct json_object *object = json_object_new_object();
    if (settings->id != NULL) {
        json_object_object_add(object, "provider", json_object_new_string(settings->id));
    }
    if (settings->base_url != NULL) {
        json_object_object_add(object, "base_url", json_object_new_string(settings->base_url));
    }
    json_object_object_add(object, "env_keys", json_object_new_array());
    return alloc_string(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
}

static void serve(struct login_run *run)
{
    struct host_services services = {0};
    run->store = store_open(run->start.home.path, run->start.home.legacy_path);
    store_serve(run->store, &services);
    login_person_serve(&services);
    host_api_set_services(&services);
}

static int open_auth(struct login_run *run, struct beacon_error *err)
{
    const struct config *config = run->start.config;
    struct provider_settings settings = {0};
    struct beacon_error unused = {0};
    (void)config_provider(config, config_string(config, "model_provider"), &settings, &unused);
    const char *component = settings.auth != NULL ? settings.auth : config_string(config, "auth");
    AUTO_FREE char *name = alloc_string(component);
    AUTO_FREE char *json = instance_json(&settings);
    provider_settings_finish(&settings);
    if (strcmp(name, "none") == 0) {
        return error_set(err, BEACON_E_NOT_FOUND, "set auth = \"api_key\" in config.toml",
                         "auth is \"none\": there is nothing to log in with");
    }
    AUTO_FREE char *forced = provider_config_forced(config, name);
    if (forced != NULL && run->table == &login_table && !run->wants_status) {
        return error_set(err, BEACON_E_REFUSED, "log in the way that is asked for", "%s", forced);
    }
    return auth_open(run->plugins.set, name, json, NULL, &run->auth, err);
}

static int open_run(struct login_run *run, struct beacon_error *err)
{
    const struct wire_start_request request = {.overrides = run->overrides,
                                               .n_overrides = run->n_overrides};
    int rc = wire_start(&request, &run->start, err);
    if (rc != BEACON_OK) {
        return rc;
    }
    const struct wire_plugins_request plugins = {.home = run->start.home.path,
                                                 .is_safe_mode = run->is_safe_mode};
    rc = wire_plugins_open(&plugins, &run->plugins, err);
    if (rc == BEACON_OK) {
        serve(run);
        run->loop = loop_create();
        rc = open_auth(run, err);
    }
    return rc;
}

static void close_run(struct login_run *run)
{
    bool is_hung =
        run->rc == BEACON_E_DEADLINE; /* its thread still runs, and the process ends soon */
    if (!is_hung) {
        auth_close(run->auth);
        host_api_set_services(NULL);
        store_close(run->store);
        wire_plugins_close(&run->plugins);
        plugin_unload_all();
        loop_destroy(run->loop);
    }
    wire_start_finish(&run->start);
    free((void *)run->overrides);
}

/* ---- what is done ---- */

static int report(const struct beacon_error *err)
{
    printable_print(stderr, "Error: %s; %s\n", err->message, err->hint);
    return err->code == BEACON_E_POLICY ? EXIT_STATUS_POLICY : EXIT_STATUS_FAILED;
}

static void on_end(void *ctx, int rc, const struct beacon_error *err)
{
    struct login_run *run = ctx;
    run->login = NULL;
    run->rc = rc;
    run->err = *err;
    loop_stop(run->loop);
}

static void on_signal(void *ctx, int signal_number)
{
    struct login_run *run = ctx;
    run->signal_number = signal_number;
    if (run->login != NULL) {
        login_cancel(run->login);
    }
}

/* Run it to its end; run->rc and run->err tell. */
static int perform(struct login_run *run, uint32_t method, struct beacon_error *err)
{
    int rc = login_start(run->loop, run->store, run->auth, method, on_end, run, &run->login, err);
    if (rc != BEACON_OK) {
        run->rc = rc;
        return rc;
    }
    struct loop_signal *interrupt = loop_signal_create(run->loop, SIGINT, on_signal, run);
    struct loop_signal *terminate = loop_signal_create(run->loop, SIGTERM, on_signal, run);
    loop_run(run->loop);
    loop_signal_close(interrupt);
    loop_signal_close(terminate);
    *err = run->err;
    return run->rc;
}

static int interrupted(const struct login_run *run)
{
    return run->signal_number == SIGTERM ? EXIT_STATUS_TERMINATED : EXIT_STATUS_INTERRUPTED;
}

/* The auth components that are there, as "a, b". */
static void list_auth(const struct plugin_set *set, struct text *ret)
{
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        for (size_t k = 0; entry->state == PLUGIN_USABLE && entry->manifest != NULL &&
                           k < entry->manifest->n_components;
             k++) {
            const struct manifest_component *component = &entry->manifest->components[k];
            if (component->kind == BEACON_KIND_AUTH) {
                (void)text_addf(ret, "%s%s", ret->len > 0 ? ", " : "", component->name);
            }
        }
    }
}

static int no_method(const struct login_run *run)
{
    AUTO_TEXT struct text names;
    text_init(&names, 1024);
    list_auth(run->plugins.set, &names);
    printable_print(stderr,
                    "Error: no auth plugin in use can log in this way (there is: %s); to log in "
                    "with an API key, pipe it into `beacon login --with-api-key`\n",
                    text_string(&names));
    return EXIT_STATUS_FAILED;
}

static uint32_t choose_method(const struct login_run *run, uint32_t methods)
{
    if (run->has_with_key) {
        return BEACON_LOGIN_SECRET;
    }
    if (run->has_device) {
        return methods & BEACON_LOGIN_DEVICE;
    }
    return (methods & BEACON_LOGIN_BROWSER) != 0  ? BEACON_LOGIN_BROWSER
           : (methods & BEACON_LOGIN_DEVICE) != 0 ? BEACON_LOGIN_DEVICE
                                                  : methods & BEACON_LOGIN_PASTE;
}

static int log_in(struct login_run *run)
{
    struct beacon_error err = {0};
    struct beacon_auth_status status = {0};
    uint32_t method = BEACON_LOGIN_SECRET;
    if (!run->has_with_key) {
        int rc = auth_status(run->auth, "", &status, &err);
        if (rc != BEACON_OK) {
            return report(&err);
        }
        method = choose_method(run, status.methods);
    }
    if (method == 0) {
        return no_method(run);
    }
    int rc = perform(run, method, &err);
    if (run->signal_number != 0) {
        return interrupted(run);
    }
    if (rc != BEACON_OK) {
        return report(&err);
    }
    (void)fputs("Successfully logged in\n", stderr);
    return EXIT_STATUS_OK;
}

static int show_status(struct login_run *run)
{
    struct beacon_error err = {0};
    struct beacon_auth_status status = {0};
    int rc = auth_status(run->auth, "", &status, &err);
    if (rc != BEACON_OK) {
        printable_print(stderr, "Error checking login status: %s; %s\n", err.message, err.hint);
        return EXIT_STATUS_FAILED;
    }
    if (status.state == BEACON_AUTH_OUT) {
        (void)fputs("Not logged in\n", stderr);
        return EXIT_STATUS_FAILED;
    }
    printable_print(stderr, "%s\n", status.detail[0] != '\0' ? status.detail : "Logged in");
    return status.state == BEACON_AUTH_IN ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

static int log_out(struct login_run *run)
{
    struct beacon_error err = {0};
    int rc = perform(run, LOGIN_OUT, &err);
    if (run->signal_number != 0) {
        return interrupted(run);
    }
    if (rc != BEACON_OK && rc != BEACON_E_NOT_FOUND) {
        return report(&err);
    }
    (void)fputs(rc == BEACON_OK ? "Successfully logged out\n" : "Not logged in\n", stderr);
    return EXIT_STATUS_OK;
}

static int begin(struct login_run *run)
{
    struct beacon_error err = {0};
    int rc = open_run(run, &err);
    if (rc != BEACON_OK && run->wants_status) {
        printable_print(stderr, "Error checking login status: %s; %s\n", err.message, err.hint);
        return rc == BEACON_E_POLICY ? EXIT_STATUS_POLICY : EXIT_STATUS_FAILED;
    }
    if (rc != BEACON_OK) {
        return report(&err);
    }
    return run->wants_status             ? show_status(run)
           : run->table == &logout_table ? log_out(run)
                                         : log_in(run);
}

static int refuse_key_on_command_line(void)
{
    (void)fputs("Error: --api-key is not supported, other users could see the key in the list of "
                "processes; pipe it instead: printenv OPENAI_API_KEY | beacon login "
                "--with-api-key\n",
                stderr);
    return EXIT_STATUS_FAILED;
}

static int run_command(const struct args_table *table, const char *about, int argc, char **argv)
{
    struct login_run run = {.table = table, .start.home_lock_fd = -1};
    struct beacon_error err = {0};
    int status = EXIT_STATUS_OK;
    if (args_parse(table, argc, argv, take_option, &run, &err) != BEACON_OK) {
        status = args_report(table, &err);
    } else if (run.wants_help) {
        (void)printf("%s\n\nUsage: %s\n\nOptions:\n", about, table->usage);
        args_print_options(table);
    } else if (run.has_api_key) {
        status = refuse_key_on_command_line();
    } else {
        status = begin(&run);
    }
    close_run(&run);
    return status;
}

int cmd_login(int argc, char **argv)
{
    return run_command(&login_table,
                       "Log in, so that models can be asked; `status` tells whether you are.", argc,
                       argv);
}

int cmd_logout(int argc, char **argv)
{
    return run_command(&logout_table, "Forget the login.", argc, argv);
}
