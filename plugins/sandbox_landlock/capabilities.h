/* capabilities.h - what root keeps under either backend.
 *
 * Enough to work with other people's files and to become another user. With the rest root would read
 * the host's environment, reset network devices, shut file systems down.
 */
#ifndef SANDBOX_LANDLOCK_CAPABILITIES_H
#define SANDBOX_LANDLOCK_CAPABILITIES_H

#include <linux/capability.h>
#include <stdint.h>

#define CAPABILITY_BIT(name) (UINT64_C(1) << CAP_##name)

#define KEPT_CAPABILITIES                                                                          \
    (CAPABILITY_BIT(CHOWN) | CAPABILITY_BIT(DAC_OVERRIDE) | CAPABILITY_BIT(FOWNER) |               \
     CAPABILITY_BIT(FSETID) | CAPABILITY_BIT(KILL) | CAPABILITY_BIT(SETGID) |                      \
     CAPABILITY_BIT(SETUID) | CAPABILITY_BIT(SETPCAP) | CAPABILITY_BIT(NET_BIND_SERVICE) |         \
     CAPABILITY_BIT(SYS_CHROOT) | CAPABILITY_BIT(SETFCAP))

#endif
