/* suggest.h - the known key somebody probably meant. Thread: [pure]. */
#ifndef HOST_CONFIG_SUGGEST_H
#define HOST_CONFIG_SUGGEST_H

#include <stddef.h>

/* The path of the row nearest to `key` in a table of the pattern `parent`; the same key elsewhere
 * when nothing there is near. NULL: nothing is. Static. */
const char *suggest_key(const char *parent, const char *key, size_t key_len);

#endif
