/* notes.h - the sentences a load has for the person, bounded. Private to config. */
#ifndef HOST_CONFIG_NOTES_H
#define HOST_CONFIG_NOTES_H

#include <stdbool.h>
#include <stddef.h>

#define NOTES_MAX 24 /* then only how many more there are */

struct arena;

struct notes {
    struct arena *arena; /* borrowed; holds the sentences */
    const char *items[NOTES_MAX + 1];
    size_t count;
    size_t left_out;
};

void notes_add(struct notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool notes_are_full(const struct notes *notes); /* a sentence that costs work need not be made */
void notes_close(struct notes *notes);          /* say how many were left out */

#endif
