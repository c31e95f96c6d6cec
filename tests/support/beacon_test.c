/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "support/owned.h"

#define READ_MAX_BYTES (1u << 30)

static char **owned;
static size_t n_owned;

const char *owned_keep(char *taken)
{
    if (n_owned == 0) {
        (void)atexit(owned_free_all); /* for tests without a temporary directory */
    }
    owned = alloc_grow(owned, n_owned + 1, sizeof *owned);
    owned[n_owned++] = taken;
    return taken;
}

void owned_free_all(void)
{
    for (size_t i = 0; i < n_owned; i++) {
        free(owned[i]);
    }
    free(owned);
    owned = NULL;
    n_owned = 0;
}

void assert_ok_at(int rc, const struct beacon_error *err, const char *call, const char *file,
                  int line)
{
    if (rc != BEACON_OK) {
        print_error("%s\n  returned %d (%s)\n  message: %s\n  hint: %s\n", call, rc, error_type(rc),
                    err->message, err->hint);
        _fail(file, line);
    }
}

void assert_refused_at(int rc, int code, const struct beacon_error *err, const char *call,
                       const char *file, int line)
{
    if (rc != code) {
        print_error("%s\n  returned %d (%s), not %d (%s)\n  message: %s\n", call, rc,
                    error_type(rc), code, error_type(code), err->message);
        _fail(file, line);
    }
    if (err->code != code || err->message[0] == '\0' || err->hint[0] == '\0') {
        print_error("%s\n  left an error without its code, message or hint: %d, \"%s\", \"%s\"\n",
                    call, err->code, err->message, err->hint);
        _fail(file, line);
    }
}

const char *owned_read_fd(int fd, const char *name)
{
    struct beacon_error err = {0};
    struct text text;
    text_init(&text, READ_MAX_BYTES);
    int rc = io_read_all(fd, name, &text, &err);
    const char *kept = owned_keep(text_take(&text));
    assert_ok(rc, &err);
    return kept;
}

const char *read_text(const char *path)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail_msg("cannot open %s: %s", path, strerror(errno));
    }
    return owned_read_fd(fd, path);
}

void write_text(const char *path, const char *text)
{
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || !io_write_all(fd, text, strlen(text))) {
        fail_msg("cannot write %s: %s", path, strerror(errno));
    }
}
