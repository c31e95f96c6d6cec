/* library_folders.h - where the dynamic linker of this system looks for libraries by itself.
 * Private to library.c. Thread: [any].
 */
#ifndef HOST_PLUGIN_LIBRARY_FOLDERS_H
#define HOST_PLUGIN_LIBRARY_FOLDERS_H

#include <stddef.h>

/* The folders of `configuration` ("/etc/ld.so.conf", with its includes) that exist or not, then the
 * system's own; ends with NULL. Free with library_folders_destroy(). */
char **library_folders_read(const char *configuration);
void library_folders_destroy(char **folders);

#endif
