/* SPDX-License-Identifier: Apache-2.0
 * fuzz_hosts - hosts out of addresses and lists: the first line is an entry of a list, the second an address.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "http/egress.h"
#include "http/host_pattern.h"
#include "http/origin.h"
#include "http/proxy.h"
#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const char *entry, const char *url)
{
    struct egress *egress = NULL;
    struct host_and_port to;
    host_and_port_of(url, &to);
    assert(strlen(to.host) < sizeof to.host && to.port <= 65535);
    if (egress_create(&entry, 1, "here", &egress, NULL) == BEACON_OK) {
        /* What is allowed has a host and a port that can be told. */
        if (egress_judge(egress, url, "", NULL) == BEACON_OK) {
            assert(to.host[0] != '\0' && to.port != 0);
        }
        egress_destroy(egress);
    }
}

static void choose(const char *list, const char *url)
{
    struct proxy_choice choice = {NULL, NULL};
    const struct http_network network = {.proxy = list, .no_proxy = &list, .n_no_proxy = 1};
    char name[ORIGIN_NAME_BYTES];
    if (proxy_choose(&network, url, &choice, NULL) == BEACON_OK && choice.url != NULL) {
        proxy_name(choice.url, name);
        assert(strlen(name) < sizeof name);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *entry = alloc_string_n((const char *)data, size);
    char *newline = strchr(entry, '\n');
    if (newline != NULL) {
        const char *url = newline + 1;
        *newline = '\0';
        if (origin_check((struct beacon_str){url, strlen(url)}, NULL) == BEACON_OK) {
            judge(entry, url);
            choose(entry, url);
        }
    }
    free(entry);
    return 0;
}
