/* curl_source.h - where the functions of libcurl come from: the library file opened with the first
 * request (curl_dynamic.c), or the one the program is linked with (curl_linked.c, BEACON_DLOPEN=OFF).
 * Private to curl_table.c. Thread: [main].
 */
#ifndef HOST_HTTP_CURL_SOURCE_H
#define HOST_HTTP_CURL_SOURCE_H

#include "http/curl_table.h"

#define CURL_INSTALL_HINT "install version 7.80 or newer: apt install libcurl4"

/* Fill every slot, or BEACON_E_NOT_FOUND. */
int curl_source_fill(struct curl_table *table, struct beacon_error *err);

/* Give up what fill() opened, when the library turned out to be of no use. */
void curl_source_drop(void);

#endif
