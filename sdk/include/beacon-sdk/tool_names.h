/* SPDX-License-Identifier: Apache-2.0
 * beacon-sdk/tool_names.h - names of tools in the letters that wires allow, and back.
 *
 * What every wire takes is ^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$. Such a name stays as it is; one of a
 * namespace becomes NAMESPACE__NAME; any other keeps its good letters and gets a hash behind them, so
 * that equal names are equal in every request and different ones are different. The table of a
 * turn's tools leads back from the name on the wire, and tells which tool takes raw input. Owned by
 * an exchange. Functions named beacon_names_ are the table's own. Thread: [pure].
 */
#ifndef BEACON_SDK_TOOL_NAMES_H
#define BEACON_SDK_TOOL_NAMES_H

#include <beacon-sdk/error.h>
#include <beacon-sdk/json_write.h>
#include <beacon-sdk/sized.h>
#include <beacon/provider.h>

#define BEACON_TOOL_NAME_MAX   64u                /* bytes of a name on the wire */
#define BEACON_TOOL_NAMES_MAX  ((size_t)16 << 20) /* bytes of all names of a turn */
#define BEACON_TOOL_NAMES_HASH 12u                /* digits of a hash behind a name */

struct beacon_tool_name {
    struct beacon_str wire, name, ns;
    bool is_freeform;
};

struct beacon_tool_names {
    struct beacon_tool_name *at; /* one per tool of the turn, in their order */
    size_t n;
    struct beacon_json_out text; /* what the spans point into */
};

/* Fowler, Noll and Vo's hash of 64 bits, begun with BEACON_HASH_BASIS; a string ends its part, so
 * that "ab","c" and "a","bc" differ. */
#define BEACON_HASH_BASIS UINT64_C(14695981039346656037)

static inline uint64_t beacon_hash_add(uint64_t hash, struct beacon_str s)
{
    const uint64_t prime = UINT64_C(1099511628211);
    for (size_t i = 0; i < s.n; i++) {
        hash = (hash ^ (unsigned char)s.p[i]) * prime;
    }
    return (hash ^ 0xff) * prime; /* no byte of UTF-8 */
}

static inline bool beacon_names_is_letter(char c)
{
    const char lower = (char)(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || c == '_';
}

static inline bool beacon_names_is_allowed(char c)
{
    return beacon_names_is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

static inline bool beacon_names_is_wire(struct beacon_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!beacon_names_is_allowed(s.p[i])) {
            return false;
        }
    }
    return s.n > 0 && s.n <= BEACON_TOOL_NAME_MAX && beacon_names_is_letter(s.p[0]);
}

/* Append as much of `s` as `room` has place for, with _ for what is not allowed. */
static inline size_t beacon_names_add(char *to, size_t n, size_t room, struct beacon_str s)
{
    for (size_t i = 0; i < s.n && n < room; i++) {
        to[n++] = (char)(beacon_names_is_allowed(s.p[i]) ? s.p[i] : '_');
    }
    return n;
}

static inline size_t beacon_names_add_both(char *to, size_t n, size_t room, struct beacon_str ns,
                                           struct beacon_str name)
{
    if (ns.n > 0) {
        n = beacon_names_add(to, n, room, ns);
        n = beacon_names_add(to, n, room, BEACON_STR("__"));
    }
    return beacon_names_add(to, n, room, name);
}

static inline struct beacon_str beacon_names_hashed(struct beacon_str ns, struct beacon_str name,
                                                    char buffer[BEACON_TOOL_NAME_MAX])
{
    static const char digits[] = "0123456789abcdef";
    const size_t room = BEACON_TOOL_NAME_MAX - BEACON_TOOL_NAMES_HASH - 1;
    uint64_t hash = beacon_hash_add(beacon_hash_add(BEACON_HASH_BASIS, ns), name);
    const struct beacon_str first = ns.n > 0 ? ns : name;
    const bool begins_well = first.n > 0 && beacon_names_is_letter(first.p[0]);
    size_t n = beacon_names_add(buffer, 0, room, begins_well ? BEACON_STR("") : BEACON_STR("_"));
    n = beacon_names_add_both(buffer, n, room, ns, name);
    buffer[n++] = '_';
    for (size_t i = 0; i < BEACON_TOOL_NAMES_HASH; i++, hash >>= 4) {
        buffer[n++] = digits[hash & 15];
    }
    return beacon_span(buffer, n);
}

/* The name on the wire of a tool that is in no table; lives as long as `buffer`. */
static inline struct beacon_str beacon_tool_name_of(struct beacon_str ns, struct beacon_str name,
                                                    char buffer[BEACON_TOOL_NAME_MAX])
{
    const bool is_plain = (ns.n == 0 || beacon_names_is_wire(ns)) && name.n > 0 &&
                          ns.n + name.n + 2 <= BEACON_TOOL_NAME_MAX;
    char joined[BEACON_TOOL_NAME_MAX];
    if (ns.n == 0 && beacon_names_is_wire(name)) {
        memcpy(buffer, name.p, name.n);
        return beacon_span(buffer, name.n);
    }
    if (!is_plain || ns.n == 0) {
        return beacon_names_hashed(ns, name, buffer);
    }
    const size_t n = beacon_names_add_both(joined, 0, sizeof joined, ns, name);
    if (memcmp(joined + ns.n + 2, name.p, name.n) != 0) {
        return beacon_names_hashed(ns, name, buffer);
    }
    memcpy(buffer, joined, n);
    return beacon_span(buffer, n);
}

/* The tool with this name on the wire; NULL: none, the model made it up. */
static inline const struct beacon_tool_name *
beacon_tool_names_find(const struct beacon_tool_names *names, struct beacon_str wire)
{
    for (size_t i = 0; i < names->n; i++) {
        if (beacon_span_equal(names->at[i].wire, wire)) {
            return &names->at[i];
        }
    }
    return NULL;
}

static inline struct beacon_str beacon_names_keep(struct beacon_json_out *text, struct beacon_str s)
{
    const size_t at = text->n;
    beacon_json_out_bytes(text, s.p, s.n);
    return beacon_span(text->p + at, text->failed ? 0 : s.n);
}

static inline void beacon_names_add_tool(struct beacon_tool_names *names,
                                         const struct beacon_tool *tool)
{
    char buffer[BEACON_TOOL_NAME_MAX];
    struct beacon_str wire = beacon_tool_name_of(tool->ns, tool->name, buffer);
    if (beacon_tool_names_find(names, wire) != NULL) { /* a__b of c, and b__c of a */
        wire = beacon_names_hashed(tool->ns, tool->name, buffer);
    }
    struct beacon_tool_name *name = &names->at[names->n];
    name->wire = beacon_names_keep(&names->text, wire);
    name->name = beacon_names_keep(&names->text, tool->name);
    name->ns = beacon_names_keep(&names->text, tool->ns);
    name->is_freeform = (tool->flags & BEACON_TOOL_FREEFORM) != 0;
    names->n++;
}

/* Free what is in a table that was initialised or zeroed. */
static inline void beacon_tool_names_finish(struct beacon_tool_names *names)
{
    free(names->at);
    beacon_json_out_finish(&names->text);
    names->at = NULL;
    names->n = 0;
}

/* Copy the names of the turn's tools. BEACON_E_NOMEM; BEACON_E_LIMIT: too many. Free with
 * beacon_tool_names_finish(), also after a failure. */
static inline beacon_rc beacon_tool_names_init(struct beacon_tool_names *names,
                                               const struct beacon_turn *turn,
                                               struct beacon_error *err)
{
    size_t bytes = 1;
    beacon_json_out_init(&names->text, BEACON_TOOL_NAMES_MAX);
    names->n = 0;
    names->at = (struct beacon_tool_name *)calloc(turn->n_tools + 1, sizeof *names->at);
    for (size_t i = 0; i < turn->n_tools; i++) {
        struct beacon_tool tool;
        BEACON_COPY_IN(tool, turn->tools[i]);
        bytes += tool.name.n + tool.ns.n + BEACON_TOOL_NAME_MAX;
    }
    /* All room at once: the spans must not move. */
    if (names->at == NULL || beacon_json_out_reserve(&names->text, bytes) == NULL) {
        return beacon_error_fill(
            err, bytes > BEACON_TOOL_NAMES_MAX ? BEACON_E_LIMIT : BEACON_E_NOMEM,
            "offer fewer tools", "the names of the tools have %zu bytes", bytes);
    }
    for (size_t i = 0; i < turn->n_tools; i++) {
        struct beacon_tool tool;
        BEACON_COPY_IN(tool, turn->tools[i]);
        beacon_names_add_tool(names, &tool);
    }
    return BEACON_OK;
}

/* The name of a tool on the wire, whether the table has it or not; lives as long as the table and
 * `buffer`. */
static inline struct beacon_str beacon_tool_names_wire(const struct beacon_tool_names *names,
                                                       struct beacon_str ns, struct beacon_str name,
                                                       char buffer[BEACON_TOOL_NAME_MAX])
{
    for (size_t i = 0; i < names->n; i++) {
        if (beacon_span_equal(names->at[i].name, name) && beacon_span_equal(names->at[i].ns, ns)) {
            return names->at[i].wire;
        }
    }
    return beacon_tool_name_of(ns, name, buffer);
}

/* Raw input as a function's one argument, for wires without freeform tools; what it must look like
 * is told by the tool's own description. */
#define BEACON_FREEFORM_SCHEMA                                                                     \
    "{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\"}},"                       \
    "\"required\":[\"input\"]}"

#endif
