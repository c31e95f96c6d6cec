/* SPDX-License-Identifier: Apache-2.0 */
#include "config/provider_expand.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/text.h"

#define EXPANDED_MAX 4096
#define NAME_MAX_LEN 128

static size_t variable_length(const char *from)
{
    size_t n = 0;
    while (from[n] == '_' || isalpha((unsigned char)from[n]) ||
           (n > 0 && isdigit((unsigned char)from[n]))) {
        n++;
    }
    return n;
}

bool provider_is_variable(const char *name)
{
    return name[0] != '\0' && name[variable_length(name)] == '\0';
}

/* Characters of the name at `from`; 0: there is none that ends with }. */
static size_t name_length(const char *from)
{
    const size_t n = variable_length(from);
    return from[n] == '}' && n < NAME_MAX_LEN ? n : 0;
}

static int add_variable(const char *what, const char *id, const char *name, struct text *out,
                        struct beacon_error *err)
{
    char hint[NAME_MAX_LEN + 40];
    const char *value = getenv(name);
    if (value == NULL || value[0] == '\0') {
        (void)snprintf(hint, sizeof hint, "set it: export %s=…", name);
        return error_set(err, BEACON_E_INVALID, hint,
                         "%s of model provider `%.80s` needs the environment variable `%s`", what,
                         id, name);
    }
    if (!text_add_string(out, value)) {
        return error_set(err, BEACON_E_LIMIT, "shorten it", "`%s` is too long for %s", name, what);
    }
    return BEACON_OK;
}

int provider_expand(const char *what, const char *id, char **text, struct beacon_error *err)
{
    if (*text == NULL || strstr(*text, "${") == NULL) {
        return BEACON_OK;
    }
    AUTO_TEXT struct text out = {0};
    text_init(&out, EXPANDED_MAX);
    const char *at = *text;
    for (const char *mark = strstr(at, "${"); mark != NULL; mark = strstr(at, "${")) {
        size_t n = name_length(mark + 2);
        bool fits = text_add(&out, at, (size_t)(mark - at));
        if (n == 0 || !fits) {
            return error_set(err, BEACON_E_INVALID, "write ${NAME}, and end it with }",
                             "%s of model provider `%.80s` has a ${ without a name", what, id);
        }
        AUTO_FREE char *name = alloc_string_n(mark + 2, n);
        int rc = add_variable(what, id, name, &out, err);
        if (rc != BEACON_OK) {
            return rc;
        }
        at = mark + 2 + n + 1;
        if (at[0] == '/' && out.data[out.len - 1] == '/') {
            at++; /* of an address that was given with a slash at its end */
        }
    }
    if (!text_add_string(&out, at)) {
        return error_set(err, BEACON_E_LIMIT, "shorten it",
                         "%s of model provider `%.80s` is too "
                         "long",
                         what, id);
    }
    free(*text);
    *text = text_take(&out);
    return BEACON_OK;
}
