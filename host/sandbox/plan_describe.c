/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "base/text.h"
#include "sandbox/plan_parts.h"

static bool add_attributes(const struct plan_mount *mount, struct text *out)
{
    static const struct {
        uint64_t bit;
        const char *set, *cleared;
    } attributes[] = {
        {MOUNT_ATTR_RDONLY, "read-only", "writable"},
        {MOUNT_ATTR_NOSUID, "no setuid", "setuid"},
        {MOUNT_ATTR_NODEV, "no devices", "devices"},
        {MOUNT_ATTR_NOEXEC, "no programs", "programs"},
    };
    const char *separator = " (";
    bool is_whole = true;
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        const char *word = (mount->attr_set & attributes[i].bit) != 0   ? attributes[i].set
                           : (mount->attr_clr & attributes[i].bit) != 0 ? attributes[i].cleared
                                                                        : NULL;
        if (word != NULL) {
            is_whole = is_whole && text_addf(out, "%s%s", separator, word);
            separator = ", ";
        }
    }
    return is_whole && (separator[0] == ' ' || text_add_char(out, ')'));
}

static bool name_mount(const struct plan_operation *operation, struct text *out)
{
    const struct plan_mount *mount = operation->mount;
    const char *source = mount->source != NULL ? mount->source : "";
    const char *deep = (mount->flags & BEACON_MOUNT_RECURSIVE) != 0 ? " and all beneath it" : "";
    switch (operation->op) {
    case BEACON_OP_BIND:
        if (strcmp(source, mount->target) == 0) {
            return text_addf(out, "bind %s over itself", source) && add_attributes(mount, out);
        }
        return text_addf(out, "bind %s over %s", source, mount->target) &&
               add_attributes(mount, out);
    case BEACON_OP_MOUNT:
        return text_addf(out, "mount a new %s on %s", mount->fstype, mount->target) &&
               add_attributes(mount, out);
    case BEACON_OP_MASK:
        return text_addf(out, "hide %s", mount->target);
    case BEACON_OP_SYMLINK:
        return text_addf(out, "make the link %s to %s", mount->target, source);
    default:
        return text_addf(out, "remount %s%s", mount->target, deep) && add_attributes(mount, out);
    }
}

static bool name_namespaces(uint32_t flags, struct text *out)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } spaces[] = {{CLONE_NEWUSER, "users"},    {CLONE_NEWNS, "mounts"}, {CLONE_NEWPID, "processes"},
                  {CLONE_NEWNET, "network"},   {CLONE_NEWIPC, "IPC"},   {CLONE_NEWUTS, "host name"},
                  {CLONE_NEWCGROUP, "cgroups"}};
    const char *separator = "enter new namespaces of ";
    bool is_whole = true;
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        if ((flags & spaces[i].flag) != 0) {
            is_whole = is_whole && text_addf(out, "%s%s", separator, spaces[i].name);
            separator = ", ";
        }
    }
    return is_whole;
}

static bool name_limit(uint64_t resource, uint64_t soft, struct text *out)
{
    const char *name = resource == RLIMIT_CORE       ? "the size of core dumps"
                       : resource == RLIMIT_NPROC    ? "the number of processes"
                       : resource == RLIMIT_MSGQUEUE ? "the bytes in message queues"
                                                     : NULL;
    return name != NULL ? text_addf(out, "limit %s to %llu", name, (unsigned long long)soft)
                        : text_addf(out, "set the resource limit %llu to %llu",
                                    (unsigned long long)resource, (unsigned long long)soft);
}

bool plan_name_operation(const struct plan *plan, int index, struct text *out)
{
    assert(index >= 0 && (size_t)index < plan->n_operations);
    const struct plan_operation *operation = &plan->operations[index];
    const struct plan_step *step = plan_step_of(operation->op);
    if (operation->mount != NULL) {
        return name_mount(operation, out);
    }
    if (operation->op == BEACON_OP_NAMESPACES) {
        return name_namespaces(operation->flags, out);
    }
    if (operation->op == BEACON_OP_RLIMIT) {
        return name_limit(operation->a, operation->b, out);
    }
    if (step->data == PLAN_DATA_PATH) {
        return text_addf(out, "%s to %s", step->name, (const char *)operation->data);
    }
    return text_add_string(out, step->name) &&
           (operation->n == 0 || text_addf(out, " (%zu bytes of data)", operation->n));
}

bool plan_describe(const struct plan *plan, struct text *out)
{
    bool is_whole = text_add_string(out, "Before the command starts, in this order:\n");
    for (size_t i = 0; i < plan->n_operations; i++) {
        is_whole = is_whole && text_addf(out, "  %2zu. ", i + 1) &&
                   plan_name_operation(plan, (int)i, out) && text_add_char(out, '\n');
    }
    for (size_t i = 0; i < plan->n_notes; i++) {
        is_whole =
            is_whole && text_addf(out, "%s  - %s\n", i == 0 ? "Notes:\n" : "", plan->notes[i]);
    }
    return is_whole;
}

static const struct {
    uint32_t bit;
    const char *name;
} promises[] = {
    {BEACON_SB_FS_WRITE, "file writes"},
    {BEACON_SB_FS_READ, "file reads"},
    {BEACON_SB_NET, "network"},
    {BEACON_SB_NET_ALLOWLIST, "allow-list of hosts"},
    {BEACON_SB_PROC, "other processes"},
    {BEACON_SB_IPC, "inter-process communication"},
    {BEACON_SB_SYSCALLS, "dangerous system calls"},
    {BEACON_SB_EXEC, "what may be executed"},
    {BEACON_SB_RESOURCES, "resource limits"},
};

bool plan_name_promises(uint32_t mask, struct text *out)
{
    const char *separator = "";
    bool is_whole = mask != 0 || text_add_string(out, "nothing");
    for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++) {
        if ((mask & promises[i].bit) != 0) {
            is_whole = is_whole && text_addf(out, "%s%s", separator, promises[i].name);
            separator = ", ";
        }
    }
    return is_whole;
}
