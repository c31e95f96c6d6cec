/* inventory.h - `beacon --version --plugins`: the set of this program with versions and hashes, for an
 * auditor who compares machines. A file is named by its SHA-256; a static plugin by that of its
 * sources, and its code by that of the program. Reads files, loads nothing. Thread: [main].
 */
#ifndef HOST_PLUGIN_INVENTORY_H
#define HOST_PLUGIN_INVENTORY_H

#include <beacon/error.h>
#include <stdbool.h>

struct inventory;
struct plugin_set;
struct text;

/* Read every usable plugin of `set`, which must outlive the inventory, and the running program. IO: one
 * of the files cannot be read any more. *ret is the caller's. */
int inventory_open(const struct plugin_set *set, struct inventory **ret, struct beacon_error *err);
void inventory_close(struct inventory *inventory); /* NULL is fine */

bool inventory_text(const struct inventory *inventory, struct text *out);
bool inventory_json(const struct inventory *inventory, struct text *out);

#endif
