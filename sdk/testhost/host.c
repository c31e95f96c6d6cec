/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "facets.h"
#include "internal.h"

/* Not terminated, as nothing in the ABI is. */
static const char host_name[] = {'t', 'e', 's', 't', 'h', 'o', 's', 't'};
static const char host_version[] = {'0', '.', '1', '.', '0'};

static struct testhost *self(const struct beacon_host *h)
{
    return h->ctx;
}

static void add_attribute(struct testhost *t, const struct beacon_kv *attr)
{
    testhost_look_at(t, "the log", attr->k);
    testhost_look_at(t, "the log", attr->v);
    (void)pthread_mutex_lock(&t->lock);
    buffer_add(&t->log, " ");
    buffer_shown(&t->log, attr->k);
    buffer_add(&t->log, "=");
    buffer_shown(&t->log, attr->v);
    (void)pthread_mutex_unlock(&t->lock);
}

static void write_log(const struct beacon_host *h, uint32_t level, struct beacon_str msg,
                      const struct beacon_kv *attrs, size_t n)
{
    static const char *const levels[] = {"trace", "debug", "info", "warn", "error"};
    struct testhost *t = self(h);
    if (level > BEACON_LOG_ERROR) {
        testhost_find(t, "value", "log() gets level %u", level);
        level = BEACON_LOG_ERROR;
    }
    testhost_look_at(t, "the log", msg);
    (void)pthread_mutex_lock(&t->lock);
    buffer_add(&t->log, "%s: ", levels[level]);
    buffer_shown(&t->log, msg);
    (void)pthread_mutex_unlock(&t->lock);
    for (size_t i = 0; i < n; i++) {
        add_attribute(t, &attrs[i]);
    }
    (void)pthread_mutex_lock(&t->lock);
    buffer_add(&t->log, "\n");
    (void)pthread_mutex_unlock(&t->lock);
}

static uint32_t on_main(const struct beacon_host *h)
{
    const struct testhost *t = self(h);
    return t->call.slot != NULL && t->call.is_main && pthread_equal(t->call.thread, pthread_self());
}

static const void *facet(const struct beacon_host *h, const char *id)
{
    return facets_find(self(h), id);
}

const char *testhost_keep(struct testhost *t, char *text)
{
    t->kept = testhost_grow(t->kept, (t->n_kept + 1) * sizeof *t->kept);
    t->kept[t->n_kept++] = text;
    return text;
}

const char *testhost_keep_buffer(struct testhost *t, struct buffer *b)
{
    char *text = b->p != NULL ? b->p : testhost_copy(beacon_span(NULL, 0));
    memset(b, 0, sizeof *b);
    return testhost_keep(t, text);
}

/* The host's table ends at an unreadable page too, and stays for ever. */
static void make_table(struct testhost *t)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const struct beacon_host table = {
        .struct_size = sizeof table,
        .abi_minor = (uint16_t)(t->options.is_minor_set ? t->options.abi_minor : BEACON_ABI_MINOR),
        .reserved0 = (uint16_t)testhost_noise(t),
        .ctx = t,
        .name = {host_name, sizeof host_name},
        .version = {host_version, sizeof host_version},
        .log = write_log,
        .cancelled = facets_cancelled,
        .cancel_fd = facets_cancel_fd,
        .deadline_ns = facets_deadline_ns,
        .on_main = on_main,
        .facet = facet,
    };
    size_t bytes = t->options.host_bytes > 0 ? t->options.host_bytes
                                             : testhost_size_of(t, "host", sizeof table);
    bytes = bytes < page - 8 ? bytes : page - 8;
    t->host_pages_bytes = 2 * page;
    uint8_t *pages =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0) {
        (void)fputs("beacon-testhost: out of memory\n", stderr);
        abort();
    }
    memset(pages, 0x5a, page);
    t->host_pages = pages;
    t->host = (struct beacon_host *)(void *)(pages + ((page - bytes) & ~(size_t)7));
    memcpy(t->host, &table, bytes < sizeof table ? bytes : sizeof table);
    t->host->struct_size = (uint32_t)bytes;
}

struct testhost *testhost_open(const struct testhost_options *options)
{
    struct testhost *t = testhost_alloc(sizeof *t);
    if (options != NULL) {
        t->options = *options;
    }
    (void)pthread_mutex_init(&t->lock, NULL);
    loans_open(&t->loans);
    t->facets = facets_create(t);
    make_table(t);
    return t;
}

static void free_all(char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(texts[i]);
    }
    free(texts);
}

void testhost_close(struct testhost *t)
{
    if (t == NULL) {
        return;
    }
    testhost_unload(t);
    facets_destroy(t->facets);
    while (t->resized != NULL) {
        struct resized *next = t->resized->next;
        free(t->resized);
        t->resized = next;
    }
    free_all(t->secrets, t->n_secrets);
    free_all(t->kept, t->n_kept);
    buffer_free(&t->findings);
    buffer_free(&t->log);
    buffer_free(&t->error);
    loans_close(&t->loans);
    (void)munmap(t->host_pages, t->host_pages_bytes);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

const struct beacon_host *testhost_host(const struct testhost *t)
{
    return t->host;
}

const char *testhost_log(const struct testhost *t)
{
    return buffer_text(&t->log);
}
