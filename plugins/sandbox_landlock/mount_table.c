/* SPDX-License-Identifier: Apache-2.0 */
#include "mount_table.h"

#include <beacon-sdk/text.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLE_BYTES_MAX (4u << 20)

/* Their files change the kernel, or other processes, rather than data. */
static const char *const kernel_types[] = {
    "proc",     "sysfs",   "devtmpfs",   "devpts",     "cgroup",      "cgroup2",
    "debugfs",  "bpf",     "tracefs",    "configfs",   "securityfs",  "selinuxfs",
    "efivarfs", "pstore",  "fusectl",    "mqueue",     "binfmt_misc", "resctrl",
    "nsfs",     "smackfs", "rpc_pipefs", "functionfs",
};

void mount_table_init(struct mount_table *table)
{
    *table = (struct mount_table){.fd = -1};
}

static void forget(struct mount_table *table)
{
    free(table->text);
    free(table->entries);
    table->text = NULL;
    table->entries = NULL;
    table->n = 0;
}

void mount_table_finish(struct mount_table *table)
{
    forget(table);
    if (table->fd >= 0) {
        (void)close(table->fd);
    }
    mount_table_init(table);
}

bool path_is_in(struct beacon_str path, struct beacon_str root)
{
    if (root.n == 1 && root.p[0] == '/') {
        return path.n > 0 && path.p[0] == '/';
    }
    return path.n >= root.n && memcmp(path.p, root.p, root.n) == 0 &&
           (path.n == root.n || path.p[root.n] == '/');
}

static char *next_word(char **rest)
{
    char *word = *rest;
    if (word == NULL) {
        return NULL;
    }
    char *end = strchr(word, ' ');
    if (end != NULL) {
        *end = '\0';
    }
    *rest = end != NULL ? end + 1 : NULL;
    return word;
}

static bool is_octal(const char *s)
{
    return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7';
}

/* Blanks, newlines and backslashes of a path are written as \040. */
static size_t unescape(char *path)
{
    char *to = path;
    for (const char *from = path; *from != '\0'; to++) {
        if (from[0] == '\\' && is_octal(from + 1)) {
            *to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    return (size_t)(to - path);
}

static bool has_option(const char *options, const char *option)
{
    size_t n = strlen(option);
    while (options != NULL && *options != '\0') {
        size_t len = strcspn(options, ",");
        if (len == n && memcmp(options, option, n) == 0) {
            return true;
        }
        options += options[len] == ',' ? len + 1 : len;
    }
    return false;
}

static bool is_kernel_type(const char *type)
{
    for (size_t i = 0; i < sizeof kernel_types / sizeof kernel_types[0]; i++) {
        if (strcmp(type, kernel_types[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static bool parse_line(char *line, struct mount_entry *ret)
{
    char *rest = line, *word = NULL;
    for (int i = 0; i < 4; i++) {
        (void)next_word(&rest);
    }
    char *path = next_word(&rest);
    const char *options = next_word(&rest);
    do {
        word = next_word(&rest);
    } while (word != NULL && strcmp(word, "-") != 0);
    const char *type = next_word(&rest);
    (void)next_word(&rest);
    const char *super = next_word(&rest);
    if (path == NULL || options == NULL || type == NULL || path[0] != '/') {
        return false;
    }
    *ret = (struct mount_entry){
        .is_read_only = has_option(options, "ro") || has_option(super, "ro"),
        .is_kernel = is_kernel_type(type),
    };
    ret->path = beacon_span(path, unescape(path));
    return true;
}

static size_t count_lines(const char *text)
{
    size_t n = 1;
    for (; *text != '\0'; text++) {
        n += *text == '\n' ? 1u : 0u;
    }
    return n;
}

bool mount_table_parse(struct mount_table *table, char *text)
{
    forget(table);
    table->text = text;
    table->entries = calloc(count_lines(text), sizeof *table->entries);
    if (table->entries == NULL) {
        forget(table);
        return false;
    }
    for (char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        char *next = line + len + (line[len] == '\n' ? 1 : 0);
        line[len] = '\0';
        table->n += parse_line(line, &table->entries[table->n]) ? 1u : 0u;
        line = next;
    }
    return true;
}

static char *read_whole(int fd)
{
    size_t n = 0, room = 16384;
    char *text = malloc(room);
    while (text != NULL) {
        ssize_t got = pread(fd, text + n, room - n - 1, (off_t)n);
        if (got <= 0) {
            text[n] = '\0';
            if (got == 0) {
                return text;
            }
            break;
        }
        n += (size_t)got;
        if (room - n < 4096) {
            char *more = room < TABLE_BYTES_MAX ? realloc(text, room * 2) : NULL;
            if (more == NULL) {
                break;
            }
            text = more;
            room *= 2;
        }
    }
    free(text);
    return NULL;
}

/* The kernel flags the open file once after each change of the table. */
static bool is_current(const struct mount_table *table)
{
    struct pollfd poll_fd = {.fd = table->fd, .events = POLLPRI};
    return table->fd >= 0 && table->entries != NULL && poll(&poll_fd, 1, 0) == 0;
}

bool mount_table_refresh(struct mount_table *table, bool *ret_has_changed)
{
    *ret_has_changed = false;
    if (is_current(table)) {
        return true;
    }
    if (table->fd < 0) {
        table->fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    }
    char *text = table->fd >= 0 ? read_whole(table->fd) : NULL;
    *ret_has_changed = true;
    return text != NULL && mount_table_parse(table, text);
}

const struct mount_entry *mount_table_of(const struct mount_table *table, struct beacon_str path)
{
    const struct mount_entry *best = NULL;
    for (size_t i = 0; i < table->n; i++) {
        const struct mount_entry *entry = &table->entries[i];
        if (path_is_in(path, entry->path) && (best == NULL || entry->path.n >= best->path.n)) {
            best = entry;
        }
    }
    return best;
}
