/* SPDX-License-Identifier: Apache-2.0 */
#include "mediate.h"

#include <errno.h>
#include <linux/audit.h>
#include <sys/syscall.h>

#include "caller.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#define NATIVE_ARCH 0u
#endif

int mediate(const struct guard *guard, const struct beacon_sb_notice *notice)
{
    struct caller caller;
    if (guard == NULL || notice->arch != NATIVE_ARCH) {
        return EPERM;
    }
    int rc = caller_open(&caller, notice);
    if (rc != 0) {
        return rc;
    }
    rc = notice->syscall == SYS_connect ? mediate_connect(guard, &caller, notice)
                                        : mediate_metadata(guard, &caller, notice);
    caller_close(&caller);
    return rc < 0 ? EPERM : rc;
}
