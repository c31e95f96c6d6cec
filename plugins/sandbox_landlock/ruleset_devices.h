/* ruleset_devices.h - reading files everywhere but in /dev. Private to ruleset.c. */
#ifndef SANDBOX_LANDLOCK_RULESET_DEVICES_H
#define SANDBOX_LANDLOCK_RULESET_DEVICES_H

/* Landlock cannot take /dev away from a rule about "/", so each of its neighbours gets a rule. What comes to
 * the top later has none. 0, or -1 with errno. */
int ruleset_allow_all_but_devices(int ruleset);

#endif
