/* SPDX-License-Identifier: Apache-2.0
 *
 * A cassette of a stranger: it is refused with a reason, or every span of it can be looked at.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "http/cassette.h"
#include "http/cassette_compare.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cassette cassette = {0};
    struct beacon_error err = {.struct_size = sizeof err};
    if (cassette_read_bytes("c", (const char *)data, size, &cassette, &err) != 0) {
        must(err.message[0] != '\0' && err.hint[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < cassette.n_exchanges; i++) {
        AUTO_TEXT struct text words;
        text_init(&words, 4096);
        must(cassette_compare(&cassette.exchanges[i].request, &cassette.exchanges[i].request,
                              &words));
        (void)cassette_compare(&cassette.exchanges[0].request, &cassette.exchanges[i].request,
                               &words);
    }
    cassette_finish(&cassette);
    return 0;
}
