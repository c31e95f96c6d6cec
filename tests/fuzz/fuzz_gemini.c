/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer of the Gemini API.
 */
#include "config.h"
#include "exchange.h"

#define WIRE(name) gemini_##name
#include "wire_fuzz.h"
