/* crash_report.h - text and report of a fatal signal, made with async-signal-safe calls only.
 * Private to crash.c. Thread: [any], in a signal handler.
 */
#ifndef HOST_BASE_CRASH_REPORT_H
#define HOST_BASE_CRASH_REPORT_H

#include <stddef.h>
#include <stdint.h>

#define CRASH_TEXT_BYTES 2048

/* Text on the stack; what does not fit is cut. */
struct crash_text {
    char data[CRASH_TEXT_BYTES];
    size_t n;
};

void crash_text_add(struct crash_text *text, const char *from);
void crash_text_add_n(struct crash_text *text, const char *from, size_t n);
void crash_text_add_decimal(struct crash_text *text, uint64_t value);
void crash_text_add_hex(struct crash_text *text, uint64_t value);  /* with 0x */
void crash_text_add_utc(struct crash_text *text, uint64_t unix_s); /* "20250102T030405Z" */
void crash_text_write(const struct crash_text *text, int fd);

/* What the processor was at; 0 = not known on this machine. */
struct crash_registers {
    uint64_t pc, sp, bp;
};
struct crash_registers crash_registers_of(const void *ucontext);

/* "x.so+0x1234" for an address in a mapped file, else the address alone. */
void crash_text_add_address(struct crash_text *text, uint64_t address);

/* Registers, what on the stack may be return addresses, and a copy of the memory map. */
void crash_report_write(int fd, const struct crash_registers *registers);

#endif
