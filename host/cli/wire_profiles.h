/* wire_profiles.h - the folders of provider profiles, and who may have written what is in them.
 *
 * Nothing is opened or looked at before a profile is asked for. A file of the admin must be root's in
 * folders of root; one of a person, or one that came with the program, must be nobody else's, as for plugins.
 * Thread: [main].
 */
#ifndef HOST_CLI_WIRE_PROFILES_H
#define HOST_CLI_WIRE_PROFILES_H

#include "config/profile_file.h"

struct wire_profiles {
    struct profile_places places; /* for config_load() */
    char *bundled, *home;
};

void wire_profiles_init(const char *home, struct wire_profiles *profiles); /* $CODE_HOME, or NULL */
void wire_profiles_finish(struct wire_profiles *profiles);

#endif
