/* path.h - joining and comparing paths as text, and where this program lives. Thread: [any]. */
#ifndef HOST_BASE_PATH_H
#define HOST_BASE_PATH_H

#include <stdbool.h>

/* All char * results are the caller's to free. */

/* An absolute `name` is returned alone, and so is any name when `dir` is empty. */
char *path_join(const char *dir, const char *name);
char *path_parent(const char *path);     /* "/" for "/a", "." for "a" */
const char *path_base(const char *path); /* points into `path` */

/* Absolute, without ".", ".." and double slashes; as text, symlinks are not looked at. */
char *path_normal(const char *cwd, const char *path);

/* Is `path` equal to or inside `root`? Both absolute and normal. */
bool path_is_beneath(const char *path, const char *root);

/* The nearest directory from `dir` upwards that has an entry `name` in it; NULL when none has. */
char *path_find_upwards(const char *dir, const char *name);

/* Folder of the running executable with symlinks resolved; NULL when the system does not tell. */
char *path_executable_dir(void);
char *path_executable(void);

char *path_cwd(void); /* NULL with errno when it is gone */

#endif
