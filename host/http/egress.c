/* SPDX-License-Identifier: Apache-2.0 */
#include "http/egress.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "http/host_pattern.h"
#include "http/request.h"

struct entry {
    char *text;
    struct host_pattern pattern;
};

struct egress {
    char *where;
    struct entry *entries;
    size_t n;
};

int egress_create(const char *const *list, size_t n, const char *where, struct egress **ret,
                  struct beacon_error *err)
{
    struct egress *egress = alloc_zeroed(sizeof *egress);
    egress->where = alloc_string(where);
    egress->entries = alloc_array(n, sizeof *egress->entries);
    for (; egress->n < n; egress->n++) {
        struct entry *entry = &egress->entries[egress->n];
        const char *text = list[egress->n];
        if (!host_pattern_read((struct beacon_str){text, strlen(text)}, &entry->pattern)) {
            (void)error_set(err, BEACON_E_INVALID,
                            "write a host, or *.host, with :port or without; no scheme and no path",
                            "network.allow (%s): `%.80s` is no host", where, text);
            egress_destroy(egress);
            return BEACON_E_INVALID;
        }
        entry->text = alloc_string(text);
    }
    *ret = egress;
    return BEACON_OK;
}

void egress_destroy(struct egress *egress)
{
    if (egress == NULL) {
        return;
    }
    for (size_t i = 0; i < egress->n; i++) {
        free(egress->entries[i].text);
    }
    free(egress->entries);
    free(egress->where);
    free(egress);
}

const char *egress_entry(const struct egress *egress, const char *url)
{
    struct host_and_port to;
    host_and_port_of(url, &to);
    for (size_t i = 0; egress != NULL && i < egress->n; i++) {
        if (host_pattern_matches(&egress->entries[i].pattern, &to)) {
            return egress->entries[i].text;
        }
    }
    return NULL;
}

const char *egress_where(const struct egress *egress)
{
    return egress->where;
}

int egress_judge(const struct egress *egress, const char *url, const char *role,
                 struct beacon_error *err)
{
    struct host_and_port to;
    if (egress == NULL || egress_entry(egress, url) != NULL) {
        return BEACON_OK;
    }
    host_and_port_of(url, &to);
    (void)error_set(err, BEACON_E_REFUSED,
                    "add the host to network.allow there, or use another provider; `beacon net "
                    "list` shows every host this configuration reaches",
                    "no connection to %s%s:%u: network.allow does not name it (%s)", role, to.host,
                    to.port, egress->where);
    if (err != NULL) {
        err->flags |= HTTP_ERROR_PERMANENT;
    }
    return BEACON_E_REFUSED;
}
