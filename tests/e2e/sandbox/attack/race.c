/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 512
#define TRIES      4000

/* Whoever looks at a path and then lets the kernel look again is shown two different ones. */
struct race {
    char path[PATH_BYTES];                  /* what the system call is given */
    char good[PATH_BYTES], bad[PATH_BYTES]; /* of the same length */
    volatile bool is_over;
};

static void *flip(void *ctx)
{
    struct race *race = ctx;
    while (!race->is_over) {
        (void)memcpy(race->path, race->bad, PATH_BYTES);
        __asm__ volatile("" ::: "memory"); /* an optimiser would leave the first copy out */
        (void)memcpy(race->path, race->good, PATH_BYTES);
        __asm__ volatile("" ::: "memory");
    }
    return NULL;
}

static int run_race(struct race *race, char **argv, void (*attempt)(struct race *))
{
    pthread_t thread;
    (void)snprintf(race->good, PATH_BYTES, "%s", argv[0]);
    (void)snprintf(race->bad, PATH_BYTES, "%s", argv[1]);
    (void)memcpy(race->path, race->good, PATH_BYTES);
    if (pthread_create(&thread, NULL, flip, race) != 0) {
        return attack_failed("pthread_create");
    }
    for (int i = 0; i < TRIES; i++) {
        attempt(race);
    }
    race->is_over = true;
    return pthread_join(thread, NULL);
}

static struct race the_race;

static void try_open(struct race *race)
{
    int fd = open(race->path, O_WRONLY | O_NOFOLLOW);
    if (fd >= 0) {
        (void)!write(fd, "raced\n", 6);
        (void)close(fd);
    }
}

static void try_chmod(struct race *race)
{
    (void)chmod(race->path, 0777);
}

static void try_rename(struct race *race)
{
    char other[PATH_BYTES + 8];
    (void)snprintf(other, sizeof other, "%.*s.away", PATH_BYTES, race->good);
    (void)rename(race->path, other);
    (void)rename(other, race->good);
}

/* Arguments of these: a file that may be changed, one that may not, spelt with as many letters. */
static int race_open(char **argv)
{
    return run_race(&the_race, argv, try_open);
}

static int race_chmod(char **argv)
{
    return run_race(&the_race, argv, try_chmod);
}

static int race_rename(char **argv)
{
    return run_race(&the_race, argv, try_rename);
}

static void *swap(void *ctx)
{
    struct race *race = ctx;
    char fresh[PATH_BYTES + 8];
    (void)snprintf(fresh, sizeof fresh, "%.*s.new", PATH_BYTES, race->path);
    while (!race->is_over) {
        (void)symlink(race->bad, fresh);
        (void)rename(fresh, race->path);
        (void)symlink(race->good, fresh);
        (void)rename(fresh, race->path);
    }
    return NULL;
}

/* Arguments: a name for a link, where it may lead, where it may not. */
static int run_link_race(char **argv, void (*attempt)(struct race *))
{
    pthread_t thread;
    (void)snprintf(the_race.path, PATH_BYTES, "%s", argv[0]);
    (void)snprintf(the_race.good, PATH_BYTES, "%s", argv[1]);
    (void)snprintf(the_race.bad, PATH_BYTES, "%s", argv[2]);
    if (pthread_create(&thread, NULL, swap, &the_race) != 0) {
        return attack_failed("pthread_create");
    }
    for (int i = 0; i < TRIES; i++) {
        attempt(&the_race);
    }
    the_race.is_over = true;
    return pthread_join(thread, NULL);
}

static void try_follow(struct race *race)
{
    int fd = open(race->path, O_WRONLY);
    if (fd >= 0) {
        (void)!write(fd, "raced\n", 6);
        (void)close(fd);
    }
}

static int race_link(char **argv)
{
    return run_link_race(argv, try_follow);
}

static int race_link_mode(char **argv)
{
    return run_link_race(argv, try_chmod);
}

const struct attack race_attacks[] = {
    {"race-open", 2, race_open},           {"race-chmod", 2, race_chmod},
    {"race-rename", 2, race_rename},       {"race-link", 3, race_link},
    {"race-link-mode", 3, race_link_mode}, {0},
};
