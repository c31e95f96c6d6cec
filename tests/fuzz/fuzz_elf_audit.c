/* SPDX-License-Identifier: Apache-2.0
 * fuzz_elf_audit - any bytes as a shared object: audited or refused, never worse. What was audited can be
 * judged to the last finding, and each finding is a sentence with advice.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin/elf_audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(const char *const *list)
{
    size_t n = 0;
    while (list[n] != NULL) {
        n++;
    }
    return n;
}

static void check(const struct elf_audit *audit)
{
    static const char *const granted[] = {"threads", "net:*", NULL};
    static const char *const named[] = {"libacme.so.1", "libother.so:00", NULL};
    struct elf_finding finding;
    size_t n = 0;
    /* Each symbol and library gives one finding at most, the rest is a handful. */
    const size_t most = count(audit->exports) + count(audit->imports) + count(audit->needed) + 8;
    while (elf_audit_finding(audit, granted, named, n, &finding)) {
        assert(finding.text[0] != '\0' && finding.remedy[0] != '\0');
        n++;
        assert(n <= most);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct beacon_error err = {0};
    struct elf_audit *audit = NULL;
    if (elf_audit_read(data, size, "fuzz.so", &audit, &err) != BEACON_OK) {
        assert(audit == NULL);
        assert(err.message[0] != '\0' && err.hint[0] != '\0');
        return 0;
    }
    check(audit);
    elf_audit_destroy(audit);
    return 0;
}
