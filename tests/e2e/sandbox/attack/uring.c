/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 8

/* The rings in one mapping, as kernels since 5.4 have them. */
struct ring {
    int fd;
    struct io_uring_params parameters;
    char *rings;
    struct io_uring_sqe *entries;
};

static unsigned *ring_word(struct ring *ring, uint32_t offset)
{
    return (unsigned *)(void *)(ring->rings + offset);
}

static int ring_open(struct ring *ring)
{
    (void)memset(ring, 0, sizeof *ring);
    ring->fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &ring->parameters);
    if (ring->fd < 0) {
        return attack_failed("io_uring_setup");
    }
    size_t n =
        ring->parameters.cq_off.cqes + ring->parameters.cq_entries * sizeof(struct io_uring_cqe);
    ring->rings = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
    ring->entries = mmap(NULL, ENTRIES * sizeof *ring->entries, PROT_READ | PROT_WRITE, MAP_SHARED,
                         ring->fd, IORING_OFF_SQES);
    return ring->rings == MAP_FAILED || (void *)ring->entries == MAP_FAILED
               ? attack_failed("map the rings")
               : 0;
}

/* Do one thing and wait for its result, which is below 0 for an errno. */
static int ring_do(struct ring *ring, const struct io_uring_sqe *entry)
{
    const struct io_sqring_offsets *sq = &ring->parameters.sq_off;
    const struct io_cqring_offsets *cq = &ring->parameters.cq_off;
    unsigned tail = *ring_word(ring, sq->tail), slot = tail & *ring_word(ring, sq->ring_mask);
    ring->entries[slot] = *entry;
    ring_word(ring, sq->array)[slot] = slot;
    __atomic_store_n(ring_word(ring, sq->tail), tail + 1, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0) {
        return -errno;
    }
    unsigned head = *ring_word(ring, cq->head);
    const struct io_uring_cqe *done =
        (const struct io_uring_cqe *)(void *)(ring->rings + cq->cqes) +
        (head & *ring_word(ring, cq->ring_mask));
    int result = done->res;
    __atomic_store_n(ring_word(ring, cq->head), head + 1, __ATOMIC_RELEASE);
    return result;
}

static int judge(const char *what, int result)
{
    errno = result < 0 ? -result : 0;
    return result < 0 ? attack_failed(what) : 0;
}

static int uring_write(char **argv)
{
    struct ring ring;
    if (ring_open(&ring) != 0) {
        return 1;
    }
    const struct io_uring_sqe opening = {.opcode = IORING_OP_OPENAT,
                                         .fd = AT_FDCWD,
                                         .addr = (uint64_t)(uintptr_t)argv[0],
                                         .open_flags = O_WRONLY};
    int fd = ring_do(&ring, &opening);
    const struct io_uring_sqe writing = {
        .opcode = IORING_OP_WRITE, .fd = fd, .len = 6, .addr = (uint64_t)(uintptr_t) "uring\n"};
    return judge("write by io_uring", fd < 0 ? fd : ring_do(&ring, &writing));
}

static int uring_xattr(char **argv)
{
    struct ring ring;
    if (ring_open(&ring) != 0) {
        return 1;
    }
    const struct io_uring_sqe setting = {.opcode = IORING_OP_SETXATTR,
                                         .len = 1,
                                         .addr = (uint64_t)(uintptr_t) "user.planted",
                                         .addr2 = (uint64_t)(uintptr_t) "x",
                                         .addr3 = (uint64_t)(uintptr_t)argv[0]};
    return judge("setxattr by io_uring", ring_do(&ring, &setting));
}

/* Arguments: an address, a port. */
static int uring_connect(char **argv)
{
    struct ring ring;
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_port = htons((uint16_t)attack_number(argv[1]));
    (void)inet_pton(AF_INET, argv[0], &address.sin_addr);
    if (ring_open(&ring) != 0) {
        return 1;
    }
    const struct io_uring_sqe making = {
        .opcode = IORING_OP_SOCKET, .fd = AF_INET, .off = SOCK_STREAM};
    int fd = ring_do(&ring, &making);
    const struct io_uring_sqe connecting = {.opcode = IORING_OP_CONNECT,
                                            .fd = fd,
                                            .addr = (uint64_t)(uintptr_t)&address,
                                            .off = sizeof address};
    return judge("connect by io_uring", fd < 0 ? fd : ring_do(&ring, &connecting));
}

const struct attack uring_attacks[] = {
    {"uring-write", 1, uring_write},
    {"uring-xattr", 1, uring_xattr},
    {"uring-connect", 2, uring_connect},
    {0},
};
