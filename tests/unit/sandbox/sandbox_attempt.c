/* SPDX-License-Identifier: Apache-2.0
 *
 * sandbox_attempt NAME [ARGUMENT] - one forbidden or allowed thing, tried from inside a sandbox.
 * Prints "ok" or the errno's name, so that a test can say which refusal it expects.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MORE_THAN_32_BITS UINT64_C(0x100000000)

static long try_inet(const char *unused)
{
    (void)unused;
    return socket(AF_INET, SOCK_STREAM, 0);
}

static long try_udp6(const char *unused)
{
    (void)unused;
    return socket(AF_INET6, SOCK_DGRAM, 0);
}

static long try_netlink(const char *unused)
{
    (void)unused;
    return socket(AF_NETLINK, SOCK_RAW, 0);
}

static long try_wide_family(const char *unused)
{
    (void)unused;
    return syscall(SYS_socket, MORE_THAN_32_BITS | AF_INET, SOCK_STREAM, 0);
}

static long try_connect(const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtol(port, NULL, 10)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&to, sizeof to);
}

static long try_unix(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(server, (const struct sockaddr *)&at, sizeof at) != 0 || listen(server, 1) != 0) {
        return -1;
    }
    return connect(client, (const struct sockaddr *)&at, sizeof at);
}

static long try_abstract(const char *name)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "%s", name);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    return fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&to, n);
}

static long try_socketpair(const char *unused)
{
    int fds[2];
    (void)unused;
    return socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
}

static long try_io_uring(const char *unused)
{
    struct io_uring_params params = {0};
    (void)unused;
    return syscall(SYS_io_uring_setup, 4, &params);
}

static long try_clone3(const char *unused)
{
    (void)unused;
    return syscall(SYS_clone3, NULL, 0);
}

static long try_userns(const char *unused)
{
    (void)unused;
    return unshare(CLONE_NEWUSER);
}

static long try_clone_userns(const char *unused)
{
    (void)unused;
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        _exit(0);
    }
    return pid;
}

static long try_setns(const char *unused)
{
    (void)unused;
    return setns(open("/proc/self/ns/net", O_RDONLY), 0);
}

static long try_thread_flags(const char *unused)
{
    (void)unused;
    return unshare(CLONE_FILES);
}

static long try_tiocsti(const char *unused)
{
    (void)unused;
    return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

/* The kernel compares 32 bits; a filter that compares 64 lets this through. */
static long try_wide_tiocsti(const char *unused)
{
    (void)unused;
    return syscall(SYS_ioctl, STDIN_FILENO, MORE_THAN_32_BITS | TIOCSTI, "x");
}

static long try_bpf(const char *unused)
{
    (void)unused;
    return syscall(SYS_bpf, 0, NULL, 0);
}

static long try_keyctl(const char *unused)
{
    (void)unused;
    return syscall(SYS_keyctl, 0, -3, 0);
}

static long try_mount(const char *path)
{
    return mount("none", path, "tmpfs", 0, NULL);
}

static long try_new_mount(const char *unused)
{
    (void)unused;
    return syscall(SYS_fsopen, "tmpfs", 0);
}

static long try_handle(const char *unused)
{
    (void)unused;
    return syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0);
}

static long try_future_call(const char *unused)
{
    (void)unused;
    return syscall(4000);
}

#if defined(__x86_64__)
static long try_x32(const char *unused)
{
    (void)unused;
    return syscall(0x40000000 | SYS_getpid);
}

/* The 32-bit entry; a kernel without it ends the program, which is a refusal too. */
static long try_int80(const char *unused)
{
    (void)unused;
    pid_t pid = fork();
    if (pid == 0) {
        long result = 20; /* getpid there */
        __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
        _exit(result == -ENOSYS ? 1 : 0);
    }
    int status = 0;
    (void)waitpid(pid, &status, 0);
    errno = ENOSYS;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}
#endif

static long try_personality(const char *unused)
{
    (void)unused;
    return personality(READ_IMPLIES_EXEC);
}

static long try_no_randomize(const char *unused)
{
    (void)unused;
    return personality(ADDR_NO_RANDOMIZE);
}

static long try_chmod(const char *path)
{
    return chmod(path, 0640);
}

static long try_times(const char *path)
{
    return utimensat(AT_FDCWD, path, NULL, 0);
}

static long try_xattr(const char *path)
{
    return setxattr(path, "user.beacon", "1", 1, 0);
}

static long try_kill(const char *pid)
{
    return kill((pid_t)strtol(pid, NULL, 10), 0);
}

static long try_attach(const char *pid)
{
    return ptrace(PTRACE_ATTACH, (pid_t)strtol(pid, NULL, 10), NULL, NULL);
}

static long try_trace_child(const char *unused)
{
    (void)unused;
    pid_t pid = fork();
    if (pid == 0) {
        (void)pause();
        _exit(0);
    }
    long rc = ptrace(PTRACE_ATTACH, pid, NULL, NULL);
    int saved = errno;
    (void)kill(pid, SIGKILL);
    errno = saved;
    return rc;
}

static long try_device(const char *path)
{
    return mknod(path, S_IFBLK | 0600, makedev(1, 0));
}

static long try_fifo(const char *path)
{
    return mkfifo(path, 0600);
}

static long try_core_limit(const char *unused)
{
    struct rlimit limit = {1, 1};
    (void)unused;
    (void)getrlimit(RLIMIT_CORE, &limit);
    errno = EBUSY;
    return limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : -1;
}

static long try_open(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC);
}

static long try_limit(const char *pid)
{
    const struct rlimit limit = {.rlim_cur = 1, .rlim_max = 1};
    return prlimit((pid_t)strtol(pid, NULL, 10), RLIMIT_CPU, &limit, NULL);
}

static long try_own_limit(const char *unused)
{
    const struct rlimit limit = {.rlim_cur = 64, .rlim_max = 64};
    (void)unused;
    return prlimit(0, RLIMIT_NOFILE, &limit, NULL);
}

/* Network devices answer to any socket, also to a local one. */
static long try_interface(const char *unused)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_mtu = 65536};
    (void)unused;
    return ioctl(socket(AF_UNIX, SOCK_STREAM, 0), SIOCSIFMTU, &request);
}

#define IOCTL_SHUT_DOWN     _IOR('X', 125, uint32_t)
#define IOCTL_ENABLE_VERITY _IOW('f', 133, char[128])
#define IOCTL_SUBVOLUME     _IOW(0x94, 14, char[4096])

/* With arguments that would be refused even where the call is not. */
static long try_file_ioctl(const char *path)
{
    const unsigned long commands[] = {IOCTL_SHUT_DOWN, IOCTL_ENABLE_VERITY, IOCTL_SUBVOLUME,
                                      FS_IOC_SETFLAGS};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (ioctl(fd, commands[i], NULL) == 0 || errno != EPERM) {
            return 0;
        }
    }
    return -1;
}

static long try_look_ioctl(const char *path)
{
    int flags = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_refused = ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0 && errno == EPERM;
    is_refused = is_refused || (ioctl(fd, FICLONE, fd) != 0 && errno == EPERM);
    errno = EPERM;
    return is_refused ? -1 : 0;
}

static const struct {
    const char *name;
    long (*run)(const char *argument);
} attempts[] = {
    {"inet", try_inet},
    {"udp6", try_udp6},
    {"netlink", try_netlink},
    {"wide-family", try_wide_family},
    {"connect", try_connect},
    {"unix", try_unix},
    {"abstract", try_abstract},
    {"socketpair", try_socketpair},
    {"io_uring", try_io_uring},
    {"clone3", try_clone3},
    {"userns", try_userns},
    {"clone-userns", try_clone_userns},
    {"setns", try_setns},
    {"unshare-files", try_thread_flags},
    {"tiocsti", try_tiocsti},
    {"wide-tiocsti", try_wide_tiocsti},
    {"bpf", try_bpf},
    {"keyctl", try_keyctl},
    {"mount", try_mount},
    {"fsopen", try_new_mount},
    {"handle", try_handle},
    {"future-call", try_future_call},
#if defined(__x86_64__)
    {"x32", try_x32},
    {"int80", try_int80},
#endif
    {"personality", try_personality},
    {"no-randomize", try_no_randomize},
    {"chmod", try_chmod},
    {"times", try_times},
    {"xattr", try_xattr},
    {"kill", try_kill},
    {"attach", try_attach},
    {"trace-child", try_trace_child},
    {"device", try_device},
    {"fifo", try_fifo},
    {"no-core", try_core_limit},
    {"open", try_open},
    {"limit", try_limit},
    {"own-limit", try_own_limit},
    {"interface", try_interface},
    {"file-ioctl", try_file_ioctl},
    {"look-ioctl", try_look_ioctl},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof attempts / sizeof attempts[0]; i++) {
        if (strcmp(attempts[i].name, argv[1]) == 0) {
            long rc = attempts[i].run(argc > 2 ? argv[2] : "");
            (void)puts(rc >= 0 ? "ok" : strerrorname_np(errno));
            return rc >= 0 ? 0 : 1;
        }
    }
    (void)puts("no such attempt");
    return 2;
}
