/* git_scan.h - the repositories that lie beneath a directory: nested ones, submodules, bare ones.
 *
 * A bounded look around, nearest first: at most GIT_SCAN_DEPTH levels down and GIT_SCAN_ENTRIES names
 * seen, never through a symlink, into another file system, into a git directory or into node_modules.
 * It runs once, when a session begins, and costs some milliseconds at worst. A repository further
 * away than that is not protected, which docs/sandbox.md says. Thread: [any].
 */
#ifndef HOST_SANDBOX_GIT_SCAN_H
#define HOST_SANDBOX_GIT_SCAN_H

#include <stdbool.h>

#define GIT_SCAN_DEPTH   6
#define GIT_SCAN_ENTRIES 16384

/* Called for each directory that has an entry ".git" or is a bare repository; `dir` is borrowed. False
 * ends the scan. */
typedef bool (*git_scan_fn)(void *ctx, const char *dir);

/* Look beneath `root` (absolute, without links); `root` itself is not told of. False: the scan was
 * ended by a bound, and there may be more. */
bool git_scan(const char *root, git_scan_fn found, void *ctx);

#endif
