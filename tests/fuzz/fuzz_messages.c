/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer of the Messages API.
 */
#include "config.h"
#include "exchange.h"

#define WIRE(name) messages_##name
#include "wire_fuzz.h"
