/* patch_place.h - which file does a path of a patch mean, and may a patch write there?
 *
 * A path is made absolute as text, then its symlinks are followed by hand; what comes out must lie
 * beneath a writable root. Nothing is trusted because of that: patch_place_parent() walks from the
 * root's descriptor with openat2(2), beneath it and through no symlink, so when a sandboxed
 * command swaps a folder in between the walk fails instead of leading out. Thread: [main].
 */
#ifndef HOST_TOOLS_PATCH_PLACE_H
#define HOST_TOOLS_PATCH_PLACE_H

#include <stdbool.h>
#include <stddef.h>

struct patch_roots;

/* The roots with their own symlinks resolved. Owns the strings and `slash_fd`. */
struct patch_rooms {
    struct patch_room {
        char *real;        /* absolute path of `fd` */
        const char *shown; /* the path the session knows it by; borrowed */
        int fd;            /* borrowed */
    } * rooms;
    size_t n;
    bool is_restricted;                                   /* false: one room, "/" */
    int slash_fd;                                         /* of "/" when not restricted, else -1 */
    bool (*may_write)(const void *ctx, const char *path); /* NULL: no path is closed */
    const void *ctx;
};

/* False, with errno set, when "/" cannot be opened. */
bool patch_rooms_init(struct patch_rooms *rooms, const struct patch_roots *roots);
void patch_rooms_finish(struct patch_rooms *rooms);

struct patch_place {
    char *shown;       /* absolute and normal, as people see it */
    char *real;        /* the same without symlinks */
    int root_fd;       /* borrowed from the rooms */
    const char *below; /* part of `real` below the root; "" for the root itself */
};

enum patch_place_status {
    PATCH_PLACE_OK,
    PATCH_PLACE_BAD,     /* errno: a symlink loop, no permission to look */
    PATCH_PLACE_OUTSIDE, /* of every root */
    PATCH_PLACE_PROTECTED, /* .git, .code or .codex, something inside of one, or closed by the roots */
};

/* `follows`: a symlink at the very end is followed, too. On anything but OK only `shown` is set;
 * patch_place_finish() is due in any case. */
enum patch_place_status patch_place_find(const struct patch_rooms *rooms, const char *absolute,
                                         bool follows, struct patch_place *ret);
void patch_place_finish(struct patch_place *place);

/* Open the folder a place is in; -1 with errno (ELOOP or EXDEV: it leads elsewhere by now). With
 * `makes`, missing folders are made. The last part of the path is put in *ret_name, never empty;
 * EISDIR for a root itself. */
int patch_place_parent(const struct patch_place *place, bool makes, const char **ret_name);

#endif
