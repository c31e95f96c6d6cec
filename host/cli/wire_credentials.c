/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wire_credentials.h"

#include "cli/provider_config.h"
#include "cli/wire.h"

void wire_credentials_open(struct wire *wire)
{
    provider_config_bearer(&wire->provider_settings, &wire->bearer);
    http_set_credentials(wire->http, &(struct http_credentials){bearer_attach, &wire->bearer});
}
