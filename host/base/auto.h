/* auto.h - locals that free themselves, and how to move a value out of one.
 *
 *     AUTO_FREE char *path = path_join(dir, name);
 *     AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
 *     *ret = take_fd(&fd);   // the caller's now, fd is -1 and not closed here
 */
#ifndef HOST_BASE_AUTO_H
#define HOST_BASE_AUTO_H

#include <stdlib.h>
#include <unistd.h>

struct json_object;
int json_object_put(struct json_object *object);

static inline void auto_free(void *p)
{
    free(*(void **)p);
}

static inline void auto_close(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static inline void auto_json(struct json_object **object)
{
    if (*object != NULL) {
        (void)json_object_put(*object);
    }
}

static inline int take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

static inline void *auto_take(void **p)
{
    void *taken = *p;
    *p = NULL;
    return taken;
}

#define AUTO_FREE  __attribute__((cleanup(auto_free)))
#define AUTO_CLOSE __attribute__((cleanup(auto_close)))
#define AUTO_JSON  __attribute__((cleanup(auto_json))) /* users link json-c */

/* Value of pointer `p`, which becomes NULL. */
/* NOLINTNEXTLINE(readability-identifier-naming): a sibling of take_fd() for every pointer type */
#define take_pointer(p) ((__typeof__(p))auto_take((void **)&(p)))

#endif
