/* git_file.h - the small files git keeps paths in: "gitdir: …", commondir, and what config says.
 *
 * Read with suspicion: regular files only, never through a symlink, at most GIT_FILE_MAX bytes, no NUL.
 * All char * results are the caller's to free. Thread: [any].
 */
#ifndef HOST_SANDBOX_GIT_FILE_H
#define HOST_SANDBOX_GIT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#define GIT_FILE_MAX ((size_t)256 << 10)

/* The whole content of DIR/NAME; NULL when it is missing or not as said above. */
char *git_file_read(const char *dir, const char *name);

/* The first line of DIR/NAME, made absolute from DIR, symlinks resolved; NULL when there is nothing.
 * `prefix` must stand in front and is taken away ("gitdir: "; "" for none). */
char *git_file_path(const char *dir, const char *name, const char *prefix);

/* Call `found` for each value of `key` in `section` of a git configuration, both in lower case,
 * subsections ignored. Good enough to know what git would read; what is malformed is passed over. */
typedef void (*git_config_fn)(void *ctx, const char *value);
void git_config_each(const char *text, const char *section, const char *key, git_config_fn found,
                     void *ctx);

#endif
