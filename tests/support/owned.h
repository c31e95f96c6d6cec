/* owned.h - strings handed to a test, freed together. For the files of support/ only. */
#ifndef TESTS_SUPPORT_OWNED_H
#define TESTS_SUPPORT_OWNED_H

const char *owned_keep(char *taken); /* the test's from now on; returns it */
void owned_free_all(void);
const char *owned_read_fd(int fd, const char *name); /* until end of file */

#endif
