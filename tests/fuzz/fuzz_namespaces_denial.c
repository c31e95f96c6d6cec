/* SPDX-License-Identifier: Apache-2.0
 * fuzz_namespaces_denial - any bytes as the end of a command's output, or as a table of mounts: at most
 * one sentence of sane length, and paths that are absolute.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mount_table.h"
#include "namespaces_denial.h"

#define FAILED       (1 << 8)
#define SENTENCE_MAX 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static beacon_rc count(const struct beacon_sink *sink, const void *p, size_t n)
{
    assert(memchr(p, '\0', n) == NULL);
    *(size_t *)sink->ctx += n;
    return BEACON_OK;
}

static void diagnose(const uint8_t *data, size_t size)
{
    static const struct beacon_path_rule rules[] = {
        {.struct_size = sizeof rules[0], .access = BEACON_PATH_READ, .path = {"/", 1}, .fd = -1},
        {.struct_size = sizeof rules[0],
         .access = BEACON_PATH_READ | BEACON_PATH_WRITE,
         .path = {"/w", 2},
         .fd = -1},
        {.struct_size = sizeof rules[0],
         .access = BEACON_PATH_DENY | BEACON_PATH_WRITE,
         .path = {"/w/.git", 7},
         .fd = -1},
    };
    static const struct beacon_path_rule *const list[] = {&rules[0], &rules[1], &rules[2]};
    const struct beacon_sandbox_policy policy = {
        .struct_size = sizeof policy, .paths = list, .n_paths = 3, .cwd_fd = -1};
    size_t n = 0;
    const struct beacon_sink sink = {.struct_size = sizeof sink, .ctx = &n, .put = count};
    struct namespaces_denial *denial =
        namespaces_denial_create(&policy, (struct beacon_str){"/w", 2});
    assert(namespaces_denial_diagnose(denial, FAILED, (struct beacon_bytes){data, size}, &sink) ==
           BEACON_OK);
    assert(n < SENTENCE_MAX);
    namespaces_denial_release(denial);
}

static void read_table(const uint8_t *data, size_t size)
{
    struct mount_table table;
    char *text = malloc(size + 1);
    if (text == NULL) {
        return;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    mount_table_init(&table);
    if (mount_table_parse(&table, text)) {
        for (size_t i = 0; i < table.n; i++) {
            assert(table.entries[i].path.n > 0 && table.entries[i].path.p[0] == '/');
            assert(mount_table_of(&table, table.entries[i].path) != NULL);
        }
    }
    mount_table_finish(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    diagnose(data, size);
    read_table(data, size);
    return 0;
}
