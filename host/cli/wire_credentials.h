/* wire_credentials.h - connects the credentials of the configured provider with the HTTP room.
 * Part of the composition root. Thread: [main].
 */
#ifndef HOST_CLI_WIRE_CREDENTIALS_H
#define HOST_CLI_WIRE_CREDENTIALS_H

struct wire;

/* After provider_settings and http are there. */
void wire_credentials_open(struct wire *wire);

#endif
