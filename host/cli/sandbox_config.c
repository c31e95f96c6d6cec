/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sandbox_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/path.h"
#include "config/layers.h"

#define TABLE "sandbox_workspace_write."

enum sandbox_mode sandbox_config_mode(const char *name)
{
    return strcmp(name, "workspace-write") == 0      ? SANDBOX_WORKSPACE_WRITE
           : strcmp(name, "danger-full-access") == 0 ? SANDBOX_DANGER_FULL_ACCESS
                                                     : SANDBOX_READ_ONLY;
}

/* The strings stay the configuration's. */
static const char **strings_of(const struct config *config, const char *key, size_t *ret_n)
{
    struct json_object *list = config_node(config, key);
    size_t n = list != NULL ? json_object_array_length(list) : 0;
    const char **strings = alloc_array(n + 1, sizeof *strings);
    for (size_t i = 0; i < n; i++) {
        strings[i] = json_object_get_string(json_object_array_get_idx(list, i));
    }
    strings[n] = NULL;
    *ret_n = n;
    return strings;
}

/* Relative ones are meant from the working directory. */
static char **roots_of(const struct config *config, const char *cwd, const char *const *add_dirs,
                       size_t n_add_dirs, size_t *ret_n)
{
    size_t listed = 0, n = 0;
    const char **list = strings_of(config, TABLE "writable_roots", &listed);
    char **roots = alloc_array(listed + n_add_dirs + 1, sizeof *roots);
    for (size_t i = 0; i < listed; i++) {
        roots[n++] = path_normal(cwd, list[i]);
    }
    for (size_t i = 0; i < n_add_dirs; i++) {
        roots[n++] = path_normal(cwd, add_dirs[i]);
    }
    roots[n] = NULL;
    free(list);
    *ret_n = n;
    return roots;
}

/* allow_git_writes is the older key: false protects, true never means more than safe. */
static enum sandbox_git git_of(const struct config *config)
{
    const char *git = config_string(config, TABLE "git");
    if (!config_bool(config, TABLE "allow_git_writes") || strcmp(git, "protected") == 0) {
        return SANDBOX_GIT_PROTECTED;
    }
    return strcmp(git, "writable") == 0 ? SANDBOX_GIT_WRITABLE : SANDBOX_GIT_SAFE;
}

static enum sandbox_network network_of(const struct config *config, enum sandbox_mode mode)
{
    const char *word = config_string(config, TABLE "network_access");
    if (mode == SANDBOX_READ_ONLY) {
        return SANDBOX_NETWORK_OFF;
    }
    if (config_bool(config, TABLE "network_access")) {
        return SANDBOX_NETWORK_ON;
    }
    return word != NULL && strcmp(word, "allow-list") == 0 ? SANDBOX_NETWORK_ALLOW_LIST
                                                           : SANDBOX_NETWORK_OFF;
}

void sandbox_config_read(const struct config *config, const char *cwd, const char *home,
                         const char *const *add_dirs, size_t n_add_dirs, struct sandbox_config *ret)
{
    *ret = (struct sandbox_config){0};
    struct sandbox_settings *settings = &ret->settings;
    settings->mode = sandbox_config_mode(config_string(config, "sandbox_mode"));
    settings->backend = config_string(config, "sandbox_backend");
    settings->cwd = cwd;
    settings->home = home;
    ret->roots = roots_of(config, cwd, add_dirs, n_add_dirs, &settings->n_writable_roots);
    settings->writable_roots = (const char *const *)ret->roots;
    settings->git = git_of(config);
    settings->network = network_of(config, settings->mode);
    settings->has_no_loopback =
        config_is_set(config, TABLE "loopback") && !config_bool(config, TABLE "loopback");
    ret->allowed = strings_of(config, TABLE "network_allow", &settings->n_network_allow);
    ret->denied = strings_of(config, TABLE "network_deny", &settings->n_network_deny);
    ret->sockets = strings_of(config, TABLE "unix_sockets", &settings->n_unix_sockets);
    settings->network_allow = ret->allowed;
    settings->network_deny = ret->denied;
    settings->unix_sockets = ret->sockets;
    settings->exclude_tmpdir = config_bool(config, TABLE "exclude_tmpdir_env_var");
    settings->exclude_slash_tmp = config_bool(config, TABLE "exclude_slash_tmp");
}

void sandbox_config_finish(struct sandbox_config *config)
{
    for (size_t i = 0; config->roots != NULL && config->roots[i] != NULL; i++) {
        free(config->roots[i]);
    }
    free(config->roots);
    free(config->allowed);
    free(config->denied);
    free(config->sockets);
    *config = (struct sandbox_config){0};
}
