/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

static int id_of(char **argv)
{
    return (int)attack_number(argv[0]);
}

/* Made outside: three objects. Prints their ids; later lines of input print what is in them. */
static int make_objects(char **argv)
{
    char line[16];
    int memory = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    int semaphore = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    char *text = shmat(memory, NULL, 0);
    if (memory < 0 || queue < 0 || semaphore < 0 || text == (char *)-1) {
        return attack_failed("make objects");
    }
    (void)snprintf(text, 4096, "%s", argv[0]);
    (void)printf("%d %d %d\n", memory, queue, semaphore);
    (void)fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct msqid_ds messages = {0};
        int has_queue = msgctl(queue, IPC_STAT, &messages) == 0;
        struct shmid_ds memories = {0};
        int has_memory = shmctl(memory, IPC_STAT, &memories) == 0 && memories.shm_nattch > 0 &&
                         (memories.shm_perm.mode & SHM_DEST) == 0;
        (void)printf("%s %s %d %d\n", has_memory ? "there" : "gone",
                     strcmp(text, argv[0]) == 0 ? "same" : "changed",
                     has_queue ? (int)messages.msg_qnum : -1, semctl(semaphore, 0, GETVAL));
        (void)fflush(stdout);
    }
    (void)shmctl(memory, IPC_RMID, NULL);
    (void)msgctl(queue, IPC_RMID, NULL);
    (void)semctl(semaphore, 0, IPC_RMID);
    return 0;
}

static int shm_write(char **argv)
{
    char *text = shmat(id_of(argv), NULL, 0);
    if (text == (char *)-1) {
        return attack_failed("shmat");
    }
    (void)snprintf(text, 4096, "overwritten");
    return 0;
}

static int shm_read(char **argv)
{
    const char *text = shmat(id_of(argv), NULL, SHM_RDONLY);
    if (text == (const char *)-1) {
        return attack_failed("shmat");
    }
    (void)printf("%s\n", text);
    return 0;
}

static int shm_remove(char **argv)
{
    return attack_result("shmctl", shmctl(id_of(argv), IPC_RMID, NULL));
}

static int msg_send(char **argv)
{
    const struct {
        long type;
        char text[4];
    } message = {1, "hi"};
    return attack_result("msgsnd", msgsnd(id_of(argv), &message, sizeof message.text, IPC_NOWAIT));
}

static int sem_set(char **argv)
{
    return attack_result("semctl", semctl(id_of(argv), 0, SETVAL, 7));
}

/* Arguments: a key. Memory that stays when everybody has gone. */
static int shm_leave(char **argv)
{
    return attack_result("shmget", shmget((key_t)attack_number(argv[0]), 4096, IPC_CREAT | 0600));
}

static int mq_make(char **argv)
{
    struct mq_attr size = {.mq_maxmsg = 4, .mq_msgsize = 64};
    return attack_result("mq_open", mq_open(argv[0], O_RDWR | O_CREAT, 0600, &size));
}

static int mq_put(char **argv)
{
    mqd_t queue = mq_open(argv[0], O_WRONLY | O_NONBLOCK);
    return attack_result("mq_send", queue < 0 ? -1 : mq_send(queue, "hi", 2, 0));
}

static int mq_count(char **argv)
{
    struct mq_attr now = {0};
    mqd_t queue = mq_open(argv[0], O_RDONLY | O_NONBLOCK);
    if (queue < 0 || mq_getattr(queue, &now) != 0) {
        return attack_failed("mq_open");
    }
    (void)printf("%ld\n", now.mq_curmsgs);
    return 0;
}

static int mq_remove(char **argv)
{
    return attack_result("mq_unlink", mq_unlink(argv[0]));
}

const struct attack ipc_attacks[] = {
    {"ipc-make", 1, make_objects}, {"shm-write", 1, shm_write}, {"shm-read", 1, shm_read},
    {"shm-remove", 1, shm_remove}, {"msg-send", 1, msg_send},   {"sem-set", 1, sem_set},
    {"shm-leave", 1, shm_leave},   {"mq-make", 1, mq_make},     {"mq-put", 1, mq_put},
    {"mq-count", 1, mq_count},     {"mq-remove", 1, mq_remove}, {0},
};
