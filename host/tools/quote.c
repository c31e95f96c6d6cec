/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/quote.h"

#include "policy/words.h"

char *quote_argv(const char *const *argv)
{
    return words_quote(argv);
}
