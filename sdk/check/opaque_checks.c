/* SPDX-License-Identifier: Apache-2.0 */
/* Group P: what a provider attached to an item comes back to it unchanged. */
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "check.h"
#include "checks.h"
#include "stage.h"

#define TURN_MAX ((size_t)4 << 20)

/* A span of an event's line as the test host writes it: " id=… call=… name=… ns=… text=… opaque=…". */
static struct beacon_str field(const char *line, size_t n, const char *name)
{
    static const char *const names[] = {" id=", " call=", " name=", " ns=", " text=", " opaque="};
    const char *at = memmem(line, n, name, strlen(name));
    if (at == NULL) {
        return beacon_span(NULL, 0);
    }
    at += strlen(name);
    size_t length = n - (size_t)(at - line);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *next =
            strcmp(name, " opaque=") != 0 ? memmem(at, length, names[i], strlen(names[i])) : NULL;
        length = next != NULL ? (size_t)(next - at) : length;
    }
    return beacon_span(at, length);
}

static unsigned hex_digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

/* What the test host shows as \\, \n, \0 and \x1b is one byte each. */
static void add_bytes(struct text *out, struct beacon_str shown)
{
    for (size_t i = 0; i < shown.n; i++) {
        if (shown.p[i] != '\\' || i + 1 == shown.n) {
            (void)text_add_char(out, shown.p[i]);
            continue;
        }
        const char c = shown.p[++i];
        if (c == 'x' && i + 2 < shown.n) {
            const unsigned byte = hex_digit(shown.p[i + 1]) << 4 | hex_digit(shown.p[i + 2]);
            (void)text_add_char(out, (char)byte);
            i += 2;
        } else {
            (void)text_add_char(out, (char)(c == 'n' ? '\n' : c == '0' ? '\0' : c));
        }
    }
}

static void add_string(struct text *turn, const char *key, struct beacon_str value)
{
    AUTO_TEXT struct text bytes;
    text_init(&bytes, TURN_MAX);
    add_bytes(&bytes, value);
    AUTO_JSON struct json_object *string =
        json_object_new_string_len(text_string(&bytes), (int)bytes.len);
    (void)text_addf(turn, ",\"%s\":%s", key,
                    json_object_to_json_string_ext(string, JSON_C_TO_STRING_PLAIN));
}

static const char *type_of(const char *line)
{
    static const struct {
        const char *shown, *type;
    } types[] = {{" text", "text"},
                 {" reasoning", "reasoning"},
                 {" call", "tool_call"},
                 {" server", "server_tool"}};
    const char *word = strchr(line + strlen("DONE "), ' ');
    for (size_t i = 0; word != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strncmp(word, types[i].shown, strlen(types[i].shown)) == 0) {
            return types[i].type;
        }
    }
    return "text";
}

/* The item of a DONE line as history, in a turn that asks for more. Reasoning leads to something: some
 * servers take it with what followed only. */
static void write_turn(struct text *turn, const char *line, size_t n, struct beacon_str opaque)
{
    const char *type = type_of(line);
    (void)text_addf(turn,
                    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"text\":\"q\"},"
                    "{\"role\":\"assistant\",\"parts\":[{\"type\":\"%s\"",
                    type);
    add_string(turn, "id", field(line, n, " id="));
    add_string(turn, "call_id", field(line, n, " call="));
    add_string(turn, "name", field(line, n, " name="));
    add_string(turn, "text", field(line, n, " text="));
    if (memmem(line, n, " freeform", 9) != NULL) {
        (void)text_add_string(turn, ",\"freeform\":true");
    }
    (void)text_addf(turn, ",\"opaque\":%.*s}%s]},{\"role\":\"user\",\"text\":\"go on\"}]}",
                    (int)opaque.n, opaque.p,
                    strcmp(type, "reasoning") == 0 ? ",{\"type\":\"text\",\"text\":\"so\"}" : "");
}

static bool body_has(const struct testhost_result *r, struct beacon_str opaque)
{
    AUTO_JSON struct json_object *string = json_object_new_string_len(opaque.p, (int)opaque.n);
    const char *escaped = json_object_to_json_string_ext(
        string, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    return memmem(r->body, r->n_body, opaque.p, opaque.n) != NULL ||
           memmem(r->body, r->n_body, escaped, strlen(escaped)) != NULL;
}

/* True: the line had something opaque. */
static bool check_line(struct stage *stage, const char *name, const char *line, size_t n)
{
    static const struct testhost_script no_answer;
    const struct beacon_str shown = field(line, n, " opaque=");
    if (strncmp(line, "DONE ", 5) != 0 || shown.n == 0 || shown.p[0] == '"') {
        return false;
    }
    AUTO_TEXT struct text turn, bytes;
    text_init(&turn, TURN_MAX);
    text_init(&bytes, TURN_MAX);
    add_bytes(&bytes, shown);
    const struct beacon_str opaque = {text_string(&bytes), bytes.len};
    write_turn(&turn, line, n, opaque);
    const struct testhost_result r =
        testhost_provider_run(stage->p, text_string(&turn), &no_answer);
    if (r.n_requests == 0) {
        check_fail(stage->c, "a request with the item in it", "take back what was given out",
                   "%s: a conversation with the item is refused: %s", name, r.error);
    } else if (!body_has(&r, opaque)) {
        check_fail(stage->c, "the bytes of opaque in the next request",
                   "copy part.opaque with beacon_json_put_raw(), never parse and write it anew",
                   "%s: the item's opaque (%.*s) is not in the next request as it was", name,
                   (int)(opaque.n < 200 ? opaque.n : 200), opaque.p);
    }
    return true;
}

void check_replay_opaque(struct check_case *c)
{
    struct stage stage;
    size_t n_seen = 0;
    for (size_t i = stage_open_recorded(&stage, c, NULL) ? 0 : stage.n_transcripts;
         i < stage.n_transcripts; i++) {
        const struct testhost_result r = testhost_replay(stage.t, stage.transcripts[i], NULL);
        for (const char *line = r.events; *line != '\0';) {
            const size_t n = strcspn(line, "\n");
            n_seen += check_line(&stage, stage.names[i], line, n) ? 1 : 0;
            line += n + (line[n] == '\n');
        }
    }
    if (stage.n_transcripts > 0 && n_seen == 0) {
        check_skip(c, "no transcript has an item with opaque");
    }
    stage_close(&stage);
}
