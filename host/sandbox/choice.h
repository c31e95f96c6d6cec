/* choice.h - which backend confines the commands of a session. Private to the room.
 *
 * A named backend is taken or refused; "auto" tries them from the strongest on, and remembers why a
 * stronger one could not be had, so that `beacon sandbox explain` can tell. Thread: [main].
 */
#ifndef HOST_SANDBOX_CHOICE_H
#define HOST_SANDBOX_CHOICE_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stdint.h>

struct plugin_set;
struct sandbox_backend;
struct sandbox_settings;

/* BEACON_SB_* that every plan must promise. */
uint32_t choice_required(const struct sandbox_settings *settings);

/* Opens and probes; hurried only opens. *ret is for sandbox_backend_close(), *ret_passed_over (NULL: nothing was) for
 * free(): one line for each stronger backend, "namespaces: user namespaces are refused…". REFUSED when
 * none can enforce the mode, POLICY when none can do what the admin requires. */
int choice_make(struct plugin_set *plugins, const struct sandbox_settings *settings,
                struct sandbox_backend **ret, char **ret_passed_over, struct beacon_error *err);

/* Do the plans of a backend of that name bind what covers missing names? Yes is good to know before it
 * has made one: of others one has to be made to know. */
bool choice_binds(const char *name);

#endif
