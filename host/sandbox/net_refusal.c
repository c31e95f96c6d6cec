/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/net_refusal.h"

#include <string.h>

#include "base/text.h"
#include "sandbox/net_socks.h"

static const struct {
    int status;
    unsigned char reply;
    const char *phrase;
} statuses[] = {
    {NET_STATUS_FORBIDDEN, NET_SOCKS_FORBIDDEN, "Refused by the sandbox"},
    {NET_STATUS_BAD, NET_SOCKS_FAILED, "Bad Request"},
    {NET_STATUS_TOO_SLOW, NET_SOCKS_TIMED_OUT, "Request Timeout"},
    {NET_STATUS_NO_SERVER, NET_SOCKS_UNREACHABLE, "Bad Gateway"},
    {NET_STATUS_TIMED_OUT, NET_SOCKS_TIMED_OUT, "Gateway Timeout"},
    {431, NET_SOCKS_FAILED, "Request Header Fields Too Large"},
    {505, NET_SOCKS_FAILED, "HTTP Version Not Supported"},
};

void net_refusal_write_socks(unsigned char reply, struct text *out)
{
    const unsigned char bytes[] = {NET_SOCKS_VERSION, reply, 0, 1, 0, 0, 0, 0, 0, 0};
    (void)text_add(out, bytes, sizeof bytes);
}

void net_refusal_write(enum net_protocol protocol, int status, const char *reason, struct text *out)
{
    size_t i = 0;
    while (i + 1 < sizeof statuses / sizeof statuses[0] && statuses[i].status != status) {
        i++;
    }
    if (protocol == NET_PROTOCOL_SOCKS) {
        net_refusal_write_socks(statuses[i].reply, out);
        return;
    }
    (void)text_addf(out,
                    "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                    "Content-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
                    status, statuses[i].phrase, strlen(reason) + 1, reason);
}

void net_refusal_show(const char *p, size_t n, char *ret, size_t ret_size)
{
    size_t shown = n < ret_size ? n : ret_size - 1;
    for (size_t i = 0; i < shown; i++) {
        ret[i] = p[i];
        if (p[i] <= ' ' || p[i] >= 0x7f) {
            ret[i] = '?';
        }
    }
    ret[shown] = '\0';
}
