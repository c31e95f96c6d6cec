/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/net_allow.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/text.h"
#include "sandbox/net_host.h"

#define ALLOW_KEY "sandbox_workspace_write.network_allow"
#define DENY_KEY  "sandbox_workspace_write.network_deny"
#define SHOWN_MAX 80 /* bytes of an entry in a sentence */

enum ports { PORTS_USUAL, PORTS_ALL, PORTS_ONE };

struct rule {
    struct net_host host;
    bool covers_subdomains; /* and only these */
    enum ports ports;
    uint16_t port;
    char *text; /* as configured */
};

struct rules {
    struct rule *list;
    size_t n;
};

struct net_allow {
    struct rules allow, deny;
};

/* An IPv6 address may stand without brackets when no port follows. */
static const char *split_entry(const char *text, struct net_span *ret_host, struct rule *rule)
{
    struct net_address address;
    struct net_span port;
    size_t n = strlen(text);
    bool has_port = false;
    if (net_address_parse(text, n, &address)) {
        *ret_host = (struct net_span){text, n};
        return NULL;
    }
    const char *wrong = net_host_split(text, n, ret_host, &port, &has_port);
    if (wrong != NULL || !has_port) {
        return wrong;
    }
    if (port.n == 1 && port.p[0] == '*') {
        rule->ports = PORTS_ALL;
        return NULL;
    }
    rule->ports = PORTS_ONE;
    return net_port_read(port, &rule->port) ? NULL : "has a port that is not 1 to 65535, or '*'";
}

static const char *read_rule(const char *text, struct rule *rule)
{
    struct net_span host;
    const char *wrong = split_entry(text, &host, rule);
    if (wrong != NULL) {
        return wrong;
    }
    if (host.n > 0 && host.p[host.n - 1] == '.') {
        return "ends with a dot";
    }
    if (host.n >= 2 && host.p[0] == '*' && host.p[1] == '.') {
        rule->covers_subdomains = true;
        host = (struct net_span){host.p + 2, host.n - 2};
    }
    if (host.n > 0 && memchr(host.p, '*', host.n) != NULL) {
        return "has '*' elsewhere than as \"*.\" at its beginning";
    }
    wrong = net_host_read(host.p, host.n, &rule->host);
    return wrong == NULL && rule->covers_subdomains && rule->host.is_address
               ? "has \"*.\" before an address"
               : wrong;
}

static int add_rules(struct rules *rules, const char *key, const char *const *entries, size_t n,
                     struct beacon_error *err)
{
    rules->list = alloc_array(n + 1, sizeof *rules->list);
    for (size_t i = 0; i < n; i++) {
        struct rule *rule = &rules->list[i];
        const char *wrong = read_rule(entries[i], rule);
        if (wrong != NULL) {
            return error_set(err, BEACON_E_INVALID,
                             "write it as example.org, *.example.org, 192.0.2.1 or [2001:db8::1], "
                             "with :443 behind it for one port",
                             "%s: the entry \"%.*s\" %s", key, SHOWN_MAX, entries[i], wrong);
        }
        rule->text = alloc_string(entries[i]);
        rules->n++;
    }
    return BEACON_OK;
}

int net_allow_create(const char *const *allow, size_t n_allow, const char *const *deny,
                     size_t n_deny, struct net_allow **ret, struct beacon_error *err)
{
    struct net_allow *lists = alloc_zeroed(sizeof *lists);
    int rc = add_rules(&lists->allow, ALLOW_KEY, allow, n_allow, err);
    rc = rc == BEACON_OK ? add_rules(&lists->deny, DENY_KEY, deny, n_deny, err) : rc;
    if (rc != BEACON_OK) {
        net_allow_destroy(lists);
        return rc;
    }
    *ret = lists;
    return BEACON_OK;
}

static void free_rules(struct rules *rules)
{
    for (size_t i = 0; i < rules->n; i++) {
        free(rules->list[i].text);
    }
    free(rules->list);
}

void net_allow_destroy(struct net_allow *lists)
{
    if (lists != NULL) {
        free_rules(&lists->allow);
        free_rules(&lists->deny);
        free(lists);
    }
}

static bool is_beneath(const char *name, const char *domain)
{
    size_t n = strlen(name), n_domain = strlen(domain);
    return n > n_domain + 1 && name[n - n_domain - 1] == '.' &&
           memcmp(name + n - n_domain, domain, n_domain) == 0;
}

static bool is_for_host(const struct rule *rule, const struct net_host *host)
{
    if (rule->host.is_address || host->is_address) {
        return rule->host.is_address && host->is_address &&
               net_address_is_same(&rule->host.address, &host->address);
    }
    return rule->covers_subdomains ? is_beneath(host->text, rule->host.text)
                                   : strcmp(host->text, rule->host.text) == 0;
}

static bool is_for_port(const struct rule *rule, uint16_t port, bool is_deny)
{
    if (rule->ports == PORTS_USUAL) {
        return is_deny || port == 80 || port == 443;
    }
    return rule->ports == PORTS_ALL || rule->port == port;
}

/* *ret_other_port: there is one for the host, but not for this port. */
static const struct rule *find_rule(const struct rules *rules, const struct net_host *host,
                                    uint16_t port, bool is_deny, bool *ret_other_port)
{
    for (size_t i = 0; i < rules->n; i++) {
        const struct rule *rule = &rules->list[i];
        if (is_for_host(rule, host)) {
            if (is_for_port(rule, port, is_deny)) {
                return rule;
            }
            *ret_other_port = true;
        }
    }
    return NULL;
}

static bool is_denied(const struct net_allow *lists, const struct net_host *host, uint16_t port,
                      struct text *reason)
{
    bool unused = false;
    const struct rule *rule = find_rule(&lists->deny, host, port, true, &unused);
    if (rule != NULL) {
        (void)text_addf(reason, "%s is denied by the entry \"%.*s\" (" DENY_KEY ")", host->text,
                        SHOWN_MAX, rule->text);
    }
    return rule != NULL;
}

bool net_allow_host(const struct net_allow *lists, const struct net_host *host, uint16_t port,
                    struct text *reason)
{
    bool is_other_port = false;
    if (is_denied(lists, host, port, reason)) {
        return false;
    }
    if (find_rule(&lists->allow, host, port, false, &is_other_port) != NULL) {
        return true;
    }
    if (is_other_port) {
        (void)text_addf(reason,
                        "port %u of %s is not on the allow-list (" ALLOW_KEY
                        "; an entry without a port means 80 and 443)",
                        (unsigned)port, host->text);
    } else {
        (void)text_addf(reason, "%s is not on the allow-list (" ALLOW_KEY ")", host->text);
    }
    return false;
}

bool net_allow_address(const struct net_allow *lists, const struct net_address *address,
                       uint16_t port, struct text *reason)
{
    bool unused = false;
    struct net_host host = {.is_address = true, .address = *address};
    net_address_text(address, host.text);
    if (is_denied(lists, &host, port, reason)) {
        return false;
    }
    const char *range = net_address_range(address);
    if (range == NULL || find_rule(&lists->allow, &host, port, false, &unused) != NULL) {
        return true;
    }
    (void)text_addf(reason, "%s is %s, which only an entry that names it opens (" ALLOW_KEY ")",
                    host.text, range);
    return false;
}
