/* plugin_template.h - the files of a new plugin, made from the templates that the SDK installs.
 *
 * Templates are below share/beacon/template: the folder `shared` and one for each kind. A file
 * NAME.in becomes NAME with every @WORD@ of the list in plugin_template.c replaced; NAME.lang.in becomes
 * NAME.c or NAME.cpp, and NAME.c.in or NAME.cpp.in is left out of a plugin in the other language.
 * Thread: [main].
 */
#ifndef HOST_CLI_PLUGIN_TEMPLATE_H
#define HOST_CLI_PLUGIN_TEMPLATE_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

struct plugin_template {
    const char *templates; /* folder of the templates */
    const char *id;        /* "com.acme.llm", checked */
    const char *kind;      /* "provider", "sandbox", "auth" or "telemetry" */
    bool is_cxx;
    const char *dir; /* where to; made when missing, and empty but for .git */
};

/* Is this an id a plugin may have: reverse DNS in lower case, at most 48 bytes, and not one of
 * Beacon's own? */
int plugin_template_check_id(const char *id, struct beacon_error *err);

/* "provider_llm": the name of the plugin's file without .so; the caller's to free. */
char *plugin_template_target(const struct plugin_template *t);

/* Write every file. INVALID: the folder is not empty; nothing is ever overwritten. NOT_FOUND: there are
 * no templates. IO. *ret_n is how many were written. */
int plugin_template_write(const struct plugin_template *t, size_t *ret_n, struct beacon_error *err);

#endif
