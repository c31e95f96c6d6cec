/* system_paths.h - the admin's files. Compiled in and never taken from the environment, since what an
 * admin decides must not depend on what a user exports; host/system_paths.c defines them, from the CMake
 * option BEACON_SYSCONFDIR, so that the tests can link a program with a folder of their own.
 */
#ifndef HOST_CLI_SYSTEM_PATHS_H
#define HOST_CLI_SYSTEM_PATHS_H

struct system_paths {
    const char *managed_config; /* /etc/code/managed_config.toml */
    const char *policy_d;       /* /etc/code/policy.d */
    const char *plugins_d;      /* /etc/code/plugins.d */
    const char *rules_d;        /* /etc/code/rules */
    const char *providers_d;    /* /etc/code/providers.d */
};

extern const struct system_paths system_paths;

#endif
