/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"

#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long user_keyring(void)
{
    return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1);
}

static long find_key(const char *name)
{
    return syscall(SYS_keyctl, KEYCTL_SEARCH, user_keyring(), "user", name, 0);
}

/* Arguments: a name, a text. */
static int key_add(char **argv)
{
    return attack_result("add_key", syscall(SYS_add_key, "user", argv[0], argv[1], strlen(argv[1]),
                                            KEY_SPEC_USER_KEYRING));
}

static int key_read(char **argv)
{
    char text[128] = "";
    long id = find_key(argv[0]);
    long n = id < 0 ? -1 : syscall(SYS_keyctl, KEYCTL_READ, id, text, sizeof text - 1);
    (void)printf("%s\n", text);
    return attack_result("keyctl read", n);
}

static int key_remove(char **argv)
{
    long id = find_key(argv[0]);
    return attack_result("keyctl unlink",
                         id < 0 ? -1 : syscall(SYS_keyctl, KEYCTL_UNLINK, id, user_keyring()));
}

const struct attack key_attacks[] = {
    {"key-add", 2, key_add},
    {"key-read", 1, key_read},
    {"key-remove", 1, key_remove},
    {0},
};
