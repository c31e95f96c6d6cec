/* SPDX-License-Identifier: Apache-2.0 */
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "base/spawn.h"
#include "sandbox/plan.h"
#include "sandbox/plan_step.h"

#define BACKLOG 128

/* The kernel gives it its addresses then. */
int plan_loopback_up(const struct plan_operation *operation, struct plan_stage *stage)
{
    struct ifreq request = {.ifr_name = "lo"};
    (void)operation;
    (void)stage;
    AUTO_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0) {
        return -1;
    }
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    return ioctl(fd, SIOCSIFFLAGS, &request);
}

/* A socket belongs to the network it was made in, whoever accepts from it. */
int plan_listen(const struct plan_operation *operation, struct plan_stage *stage)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)operation->a),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&here, sizeof here) != 0 ||
        listen(fd, BACKLOG) != 0) {
        return -1;
    }
    return spawn_send_fd(stage->scene, PLAN_SENT_LISTENER, fd);
}
