/* reaper_parts.h - what the roles of the embedded program share. See reaper.c. */
#ifndef HOST_BASE_REAPER_REAPER_PARTS_H
#define HOST_BASE_REAPER_REAPER_PARTS_H

#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>

#define SIGNAL_KILL  9
#define ERROR_INTR   (-4L)
#define WAIT_STOPS   2          /* WUNTRACED */
#define WAIT_GOES_ON 8          /* WCONTINUED */
#define WAIT_ALL     0x40000000 /* __WALL */

#if defined __x86_64__
#define OWN_ARCH AUDIT_ARCH_X86_64
#else
#define OWN_ARCH AUDIT_ARCH_AARCH64
#endif

/* A filter that lets through what stands between its begin and its end. */
#define FILTER_BEGIN                                                                               \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),                       \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0),                                       \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),                                       \
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ALLOW(name)                                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1),                                        \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define FILTER_END BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

_Noreturn void leave(int status);
void require(bool is_true);
void filter_self(const struct sock_filter *filter, unsigned n);

/* A wait status, to the host and as an exit status. */
void tell(int status);
bool is_over(int status);
int exit_status_of(int status);

/* keeper.c; `command` is a pid in decimal. */
_Noreturn void be_keeper(const char *command, bool tells_stops);

#endif
