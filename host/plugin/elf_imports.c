/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/elf_audit.h"

#include <stddef.h>
#include <string.h>

/* Symbol families. A name that ends in '*' stands for all that begin so. The longest
 * row that fits counts. */
struct import_row {
    const char *symbol;
    const char *capability; /* "-": no plugin; NULL: an exception that needs none */
};

#define NEVER  "-"
#define FILES  "fs-"
#define WRITES "fs-write:"
#define NET    "own-transport"
#define ENV    "env:"

static const struct import_row rows[] = {
    {"_Exit", NEVER},
    {"_exit", NEVER},
    {"accept*", NET},
    {"acct", "kernel"},
    {"access", FILES},
    {"alarm", NEVER},
    {"bind", NET},
    {"bsd_signal", NEVER},
    {"chdir", NEVER},
    {"chmod", WRITES},
    {"chown", WRITES},
    {"chroot", "kernel"},
    {"clearenv", NEVER},
    {"clone", "kernel"},
    {"connect", NET},
    {"creat*", WRITES},
    {"curl_*", NET},
    {"daemon", NEVER},
    {"delete_module", "kernel"},
    {"dlmopen", NEVER},
    {"dlopen", NEVER},
    {"dlsym", NEVER},
    {"dlvsym", NEVER},
    {"environ", ENV},
    {"exec*", NEVER},
    {"exit", NEVER},
    {"faccessat", FILES},
    {"fchdir", NEVER},
    {"fchmodat", WRITES},
    {"fchownat", WRITES},
    {"fexecve", NEVER},
    {"fopen*", FILES},
    {"fork", NEVER},
    {"forkpty", NEVER},
    {"freopen*", NEVER},
    {"ftw*", FILES},
    {"getaddrinfo", NET},
    {"getenv", ENV},
    {"gethostby*", NET},
    {"getnameinfo", NET},
    {"glob", FILES},
    {"glob64", FILES},
    {"init_module", "kernel"},
    {"kill", NEVER},
    {"killpg", NEVER},
    {"lchown", WRITES},
    {"link", WRITES},
    {"linkat", WRITES},
    {"listen", NET},
    {"mkdir", WRITES},
    {"mkdirat", WRITES},
    {"mkdtemp", WRITES},
    {"mkfifo*", WRITES},
    {"mknod*", WRITES},
    {"mkostemp*", WRITES},
    {"mkstemp*", WRITES},
    {"mount", "kernel"},
    {"nftw*", FILES},
    {"open", FILES},
    {"open64", FILES},
    {"openat", FILES},
    {"openat64", FILES},
    {"opendir", FILES},
    {"pivot_root", "kernel"},
    {"popen", NEVER},
    {"posix_spawn*", NEVER},
    {"posix_spawn_file_actions*", NULL}, /* data, harmless alone */
    {"posix_spawnattr*", NULL},
    {"prctl", "kernel"},
    {"printf", NEVER},
    {"process_vm_*", "kernel"},
    {"pthread_create", "threads"},
    {"ptrace", "kernel"},
    {"putchar*", NEVER},
    {"putenv", NEVER},
    {"puts", NEVER},
    {"quick_exit", NEVER},
    {"raise", NEVER},
    {"readlink", FILES},
    {"readlinkat", FILES},
    {"reboot", "kernel"},
    {"remove", WRITES},
    {"rename*", WRITES},
    {"res_*", NET},
    {"rmdir", WRITES},
    {"scandir*", FILES},
    {"seccomp_*", "kernel"},
    {"secure_getenv", ENV},
    {"sendmsg", NET},
    {"sendto", NET},
    {"setegid", NEVER},
    {"setenv", NEVER},
    {"seteuid", NEVER},
    {"setgid", NEVER},
    {"setgroups", NEVER},
    {"setitimer", NEVER},
    {"setlocale", NEVER},
    {"setns", "kernel"},
    {"setpgid", NEVER},
    {"setregid", NEVER},
    {"setresgid", NEVER},
    {"setresuid", NEVER},
    {"setreuid", NEVER},
    {"setrlimit*", NEVER},
    {"setsid", NEVER},
    {"setuid", NEVER},
    {"sigaction", NEVER},
    {"sigaltstack", NEVER},
    {"signal", NEVER},
    {"sigprocmask", NEVER},
    {"sigset", NEVER},
    {"socket", NET},
    {"stdout", NEVER},
    {"symlink*", WRITES},
    {"syscall", "kernel"},
    {"sysv_signal", NEVER},
    {"system", NEVER},
    {"tempnam", WRITES},
    {"thrd_create", "threads"},
    {"timer_create", "threads"},
    {"tmpfile*", WRITES},
    {"tmpnam*", WRITES},
    {"truncate", WRITES},
    {"truncate64", WRITES},
    {"umask", NEVER},
    {"umount*", "kernel"},
    {"unlink*", WRITES},
    {"unsetenv", NEVER},
    {"unshare", "kernel"},
    {"utime*", WRITES},
    {"vfork", NEVER},
    {"vprintf", NEVER},
    {"wordexp", NEVER},
};

static bool fits(const struct import_row *row, const char *symbol, size_t n)
{
    const size_t n_row = strlen(row->symbol);
    if (row->symbol[n_row - 1] == '*') {
        return n >= n_row - 1 && strncmp(row->symbol, symbol, n_row - 1) == 0;
    }
    return n == n_row && strncmp(row->symbol, symbol, n) == 0;
}

/* "__open64_2", "__printf_chk" and "__environ" are what the headers make of the plain names. */
static size_t plain_name(const char **symbol)
{
    static const char *const ends[] = {"_chk", "_2"};
    size_t n = strlen(*symbol);
    if (strncmp(*symbol, "__", 2) != 0) {
        return n;
    }
    *symbol += 2;
    n -= 2;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const size_t n_end = strlen(ends[i]);
        if (n > n_end && strcmp(*symbol + n - n_end, ends[i]) == 0) {
            return n - n_end;
        }
    }
    return n;
}

const char *elf_audit_import_capability(const char *symbol)
{
    const struct import_row *best = NULL;
    const size_t n = plain_name(&symbol);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].symbol[0] == symbol[0] && fits(&rows[i], symbol, n) &&
            (best == NULL || strlen(rows[i].symbol) > strlen(best->symbol))) {
            best = &rows[i];
        }
    }
    return best != NULL ? best->capability : NULL;
}

bool elf_audit_capability_covers(const char *capability, const char *wanted)
{
    const bool is_kernel = strcmp(capability, "kernel") == 0;
    return strncmp(capability, wanted, strlen(wanted)) == 0 ||
           (is_kernel && (strncmp(wanted, FILES, strlen(FILES)) == 0 || strcmp(wanted, NET) == 0));
}
