/* pin.h - does a plugin file agree with the lock? Private to trust.c. Thread: [any]. */
#ifndef HOST_PLUGIN_PIN_H
#define HOST_PLUGIN_PIN_H

#include <beacon/error.h>

struct lock_pin;
struct plugin_lock;
struct trusted_file;

/* The pin of this file on this platform. POLICY when there is none, or version, SHA-256, size or
 * capabilities differ: it says both values, the file:line of the lock and what shows the difference.
 * `name` is what errors call the file; *ret lives as long as the lock. */
int pin_check(const struct trusted_file *file, const char *name, const struct plugin_lock *lock,
              const struct lock_pin **ret, struct beacon_error *err);

#endif
