/* enforce.h - telling what the managed configuration overrides. Private to config. */
#ifndef HOST_CONFIG_ENFORCE_H
#define HOST_CONFIG_ENFORCE_H

struct notes;
struct toml_value;

/* Note each value of `effective` that `managed` is about to replace by another one. `file` is what
 * the managed configuration is called. */
void enforce_report(const struct toml_value *effective, const struct toml_value *managed,
                    const char *file, struct notes *notes);

#endif
