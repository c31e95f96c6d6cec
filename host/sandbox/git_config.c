/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "sandbox/git_file.h"

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t\r");
}

static size_t name_length(const char *p)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    return strspn(p, letters);
}

static bool is_name(const char *p, size_t n, const char *name)
{
    return strlen(name) == n && strncasecmp(p, name, n) == 0;
}

/* Behind the "]" of a section header; NULL: it has none on its line. */
static const char *end_of_header(const char *p)
{
    bool is_quoted = false;
    for (; *p != '\0' && *p != '\n'; p++) {
        if (*p == '\\' && is_quoted && p[1] != '\0' && p[1] != '\n') {
            p++;
        } else if (*p == '"') {
            is_quoted = !is_quoted;
        } else if (*p == ']' && !is_quoted) {
            return p + 1;
        }
    }
    return NULL;
}

static char unescaped(char c)
{
    static const char letters[] = "ntb", meant[] = "\n\t\b";
    const char *at = strchr(letters, c);
    if (at == NULL || c == '\0') {
        return c;
    }
    return meant[at - letters];
}

/* A value as it is being read. */
struct reading {
    struct text *value;
    bool is_quoted;
    size_t kept; /* bytes up to the last one that is no trailing blank */
};

/* Behind a backslash, which is no last byte. Returns the last byte that was used. */
static const char *read_escape(const char *p, struct reading *reading)
{
    if (*p == '\n' || (*p == '\r' && p[1] == '\n')) {
        return *p == '\n' ? p : p + 1; /* the value goes on */
    }
    (void)text_add_char(reading->value, unescaped(*p));
    reading->kept = reading->value->len;
    return p;
}

static void read_plain(char c, struct reading *reading)
{
    if (c == '"') {
        reading->is_quoted = !reading->is_quoted;
    } else {
        (void)text_add_char(reading->value, c);
    }
    if (reading->is_quoted || strchr(" \t\r", c) == NULL) {
        reading->kept = reading->value->len;
    }
}

/* One value with its quotes, escapes and continued lines, as git reads it. Returns where it ended. */
static const char *read_value(const char *p, struct text *value)
{
    struct reading reading = {.value = value};
    text_reset(value);
    for (p = skip_blanks(p); *p != '\0' && *p != '\n'; p++) {
        if (!reading.is_quoted && (*p == '#' || *p == ';')) {
            p += strcspn(p, "\n");
            break;
        }
        if (*p == '\\' && p[1] != '\0') {
            p = read_escape(p + 1, &reading);
        } else {
            read_plain(*p, &reading);
        }
    }
    if (value->data != NULL) {
        value->len = reading.kept;
        value->data[reading.kept] = '\0';
    }
    return p;
}

void git_config_each(const char *text, const char *section, const char *key, git_config_fn found,
                     void *ctx)
{
    AUTO_TEXT struct text value;
    text_init(&value, GIT_FILE_MAX);
    bool is_inside = false;
    for (const char *p = text; *p != '\0';) {
        p += strspn(p, " \t\r\n");
        if (*p == '[') {
            const char *end = end_of_header(p);
            is_inside = is_name(p + 1, name_length(p + 1), section);
            p = end != NULL ? end : p + strcspn(p, "\n");
            continue; /* a key may follow on the same line */
        }
        size_t n = name_length(p);
        const char *after = skip_blanks(p + n);
        if (n == 0 || *after != '=') {
            p += strcspn(p, "\n");
            continue;
        }
        const char *end = read_value(after + 1, &value);
        if (is_inside && is_name(p, n, key)) {
            found(ctx, text_string(&value));
        }
        p = end;
    }
}
