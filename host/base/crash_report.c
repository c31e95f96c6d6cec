/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crash_report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#define MAP_LINE_BYTES  1024
#define STACK_BYTES     (64u << 10) /* searched upwards from the stack pointer */
#define PAGE_BYTES      4096u
#define RETURNS_SHOWN   48
#define RANGES_MAX      256
#define SECONDS_PER_DAY 86400u

void crash_text_add_n(struct crash_text *text, const char *from, size_t n)
{
    size_t room = sizeof text->data - text->n;
    n = n < room ? n : room;
    memcpy(text->data + text->n, from, n);
    text->n += n;
}

void crash_text_add(struct crash_text *text, const char *from)
{
    crash_text_add_n(text, from, strlen(from));
}

static void add_number(struct crash_text *text, uint64_t value, unsigned base, unsigned width)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0 || sizeof digits - at < width);
    crash_text_add_n(text, digits + at, sizeof digits - at);
}

void crash_text_add_decimal(struct crash_text *text, uint64_t value)
{
    add_number(text, value, 10, 1);
}

void crash_text_add_hex(struct crash_text *text, uint64_t value)
{
    crash_text_add(text, "0x");
    add_number(text, value, 16, 1);
}

static bool is_leap(uint64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* gmtime_r() may take locks, so the calendar is walked by hand. */
void crash_text_add_utc(struct crash_text *text, uint64_t unix_s)
{
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint64_t days = unix_s / SECONDS_PER_DAY, seconds = unix_s % SECONDS_PER_DAY;
    uint64_t year = 1970;
    while (days >= (is_leap(year) ? 366u : 365u) && year < 9999) {
        days -= is_leap(year) ? 366u : 365u;
        year++;
    }
    unsigned month = 0;
    while (month < 11 && days >= lengths[month] + (month == 1 && is_leap(year) ? 1u : 0u)) {
        days -= lengths[month] + (month == 1 && is_leap(year) ? 1u : 0u);
        month++;
    }
    add_number(text, year, 10, 4);
    add_number(text, month + 1u, 10, 2);
    add_number(text, days + 1, 10, 2);
    crash_text_add(text, "T");
    add_number(text, seconds / 3600, 10, 2);
    add_number(text, seconds / 60 % 60, 10, 2);
    add_number(text, seconds % 60, 10, 2);
    crash_text_add(text, "Z");
}

static void write_all(int fd, const char *from, size_t n)
{
    while (n > 0) {
        ssize_t wrote = write(fd, from, n);
        if (wrote <= 0 && errno != EINTR) {
            return;
        }
        from += wrote > 0 ? wrote : 0;
        n -= wrote > 0 ? (size_t)wrote : 0;
    }
}

void crash_text_write(const struct crash_text *text, int fd)
{
    write_all(fd, text->data, text->n);
}

struct crash_registers crash_registers_of(const void *ucontext)
{
    struct crash_registers registers = {0};
#if defined(__x86_64__)
    const ucontext_t *context = ucontext;
    registers.pc = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
    registers.sp = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
    registers.bp = (uint64_t)context->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
    const ucontext_t *context = ucontext;
    registers.pc = context->uc_mcontext.pc;
    registers.sp = context->uc_mcontext.sp;
    registers.bp = context->uc_mcontext.regs[29];
#else
    (void)ucontext;
#endif
    return registers;
}

/* ---- the memory map ---- */

/* One line of /proc/self/maps. */
struct mapping {
    uint64_t start, end, offset;
    bool is_code;
    const char *path; /* "" for anonymous memory */
};

static const char *read_hex(const char *p, uint64_t *ret)
{
    uint64_t value = 0;
    for (;; p++) {
        if (*p >= '0' && *p <= '9') {
            value = value * 16 + (uint64_t)(*p - '0');
        } else if (*p >= 'a' && *p <= 'f') {
            value = value * 16 + (uint64_t)(*p - 'a') + 10;
        } else {
            *ret = value;
            return p;
        }
    }
}

/* "55d0-55d4 r-xp 00002000 08:01 1234    /usr/bin/x" */
static bool read_mapping(const char *line, struct mapping *ret)
{
    const char *p = read_hex(line, &ret->start);
    if (*p != '-') {
        return false;
    }
    p = read_hex(p + 1, &ret->end);
    if (*p != ' ' || strlen(p) < 6) {
        return false;
    }
    ret->is_code = p[3] == 'x';
    p = read_hex(p + 6, &ret->offset);
    for (int blanks = 0; *p != '\0' && blanks < 3; p++) {
        blanks += *p == ' ' ? 1 : 0;
    }
    ret->path = p + strspn(p, " ");
    return true;
}

/* Hands each line to `fn` until it returns false; paths longer than a line's buffer are cut. */
static void walk_map(bool (*fn)(void *ctx, const struct mapping *mapping), void *ctx)
{
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    char line[MAP_LINE_BYTES] = {0};
    size_t n = 0;
    char block[512];
    bool is_wanted = fd >= 0;
    for (ssize_t got = 0; is_wanted && (got = read(fd, block, sizeof block)) > 0;) {
        for (ssize_t i = 0; is_wanted && i < got; i++) {
            if (block[i] != '\n') {
                n += n < sizeof line - 1 ? 1 : 0;
                line[n - 1] = block[i];
                continue;
            }
            struct mapping mapping = {0};
            line[n] = '\0';
            n = 0;
            is_wanted = !read_mapping(line, &mapping) || fn(ctx, &mapping);
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

struct search {
    struct crash_text *text;
    uint64_t address;
};

static bool name_address(void *ctx, const struct mapping *mapping)
{
    const struct search *search = ctx;
    if (search->address < mapping->start || search->address >= mapping->end) {
        return true;
    }
    if (mapping->path[0] != '\0') {
        const char *slash = strrchr(mapping->path, '/');
        crash_text_add(search->text, " ");
        crash_text_add(search->text, slash != NULL ? slash + 1 : mapping->path);
        crash_text_add(search->text, "+");
        crash_text_add_hex(search->text, search->address - mapping->start + mapping->offset);
    }
    return false;
}

void crash_text_add_address(struct crash_text *text, uint64_t address)
{
    struct search search = {.text = text, .address = address};
    crash_text_add_hex(text, address);
    walk_map(name_address, &search);
}

/* ---- the stack ---- */

struct ranges {
    size_t n;
    struct {
        uint64_t start, end;
    } list[RANGES_MAX];
};

static bool keep_code(void *ctx, const struct mapping *mapping)
{
    struct ranges *ranges = ctx;
    if (mapping->is_code) {
        ranges->list[ranges->n].start = mapping->start;
        ranges->list[ranges->n].end = mapping->end;
        ranges->n++;
    }
    return ranges->n < RANGES_MAX;
}

static bool is_code(const struct ranges *ranges, uint64_t address)
{
    for (size_t i = 0; i < ranges->n; i++) {
        if (address >= ranges->list[i].start && address < ranges->list[i].end) {
            return true;
        }
    }
    return false;
}

/* The words of one page of the stack that point into code. */
static unsigned write_returns(int fd, const struct ranges *ranges, const uint64_t *words, size_t n)
{
    unsigned shown = 0;
    for (size_t i = 0; i < n && shown < RETURNS_SHOWN; i++) {
        if (is_code(ranges, words[i])) {
            struct crash_text line = {.n = 0};
            crash_text_add(&line, "  ");
            crash_text_add_address(&line, words[i]);
            crash_text_add(&line, "\n");
            crash_text_write(&line, fd);
            shown++;
        }
    }
    return shown;
}

/* The stack is read through the kernel, which answers an error where a load would be the next fault. */
static void write_stack(int fd, uint64_t sp)
{
    static struct ranges ranges; /* too large for the stack of a signal, and used once */
    static uint64_t words[PAGE_BYTES / sizeof(uint64_t)];
    walk_map(keep_code, &ranges);
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    unsigned shown = 0;
    uint64_t at = sp & ~(uint64_t)7;
    for (uint64_t end = at + STACK_BYTES; memory >= 0 && at < end && shown < RETURNS_SHOWN;) {
        size_t wanted = PAGE_BYTES - (size_t)(at % PAGE_BYTES);
        ssize_t got = pread(memory, words, wanted, (off_t)at);
        if (got > 0) {
            shown += write_returns(fd, &ranges, words, (size_t)got / sizeof words[0]);
        }
        at += wanted;
    }
    if (memory >= 0) {
        (void)close(memory);
    }
}

static void write_map(int fd)
{
    char block[PAGE_BYTES];
    int from = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    ssize_t got = 0;
    while (from >= 0 && (got = read(from, block, sizeof block)) > 0) {
        write_all(fd, block, (size_t)got);
    }
    if (from >= 0) {
        (void)close(from);
    }
}

void crash_report_write(int fd, const struct crash_registers *registers)
{
    struct crash_text text = {.n = 0};
    crash_text_add(&text, "at: ");
    crash_text_add_address(&text, registers->pc);
    crash_text_add(&text, "\nstack pointer: ");
    crash_text_add_hex(&text, registers->sp);
    crash_text_add(&text, "\nframe pointer: ");
    crash_text_add_hex(&text, registers->bp);
    crash_text_add(&text, "\n\nwords of the stack that point into code, the innermost first:\n");
    crash_text_write(&text, fd);
    if (registers->sp != 0) {
        write_stack(fd, registers->sp);
    }
    text.n = 0;
    crash_text_add(&text, "\nmemory map:\n");
    crash_text_write(&text, fd);
    write_map(fd);
}
