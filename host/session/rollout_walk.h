/* rollout_walk.h - every rollout file of a home, newest day first. Private to session/.
 * Folders that cannot be read and names that are none of ours are passed over. Thread: [main]. */
#ifndef HOST_SESSION_ROLLOUT_WALK_H
#define HOST_SESSION_ROLLOUT_WALK_H

/* `dir_fd` is the day's open folder, for looking at `name` without its path; `id` points to the 36
 * characters of the UUID inside `name`. All borrowed. */
typedef void (*rollout_walk_fn)(void *ctx, int dir_fd, const char *dir, const char *name,
                                const char *id);

void rollout_walk(const char *home_path, rollout_walk_fn visit, void *ctx);

#endif
