/* SPDX-License-Identifier: Apache-2.0 */
#include "line.h"

#include <beacon-sdk/json_string.h>
#include <beacon/provider.h>

/* Every key a line may have: those that say what the line is, then those that belong to one. */
enum key {
    KEY_RECORDING,
    KEY_REASONING,
    KEY_TEXT,
    KEY_CALL,
    KEY_CUSTOM,
    KEY_DELAY,
    KEY_USAGE,
    KEY_END,
    KEY_FAIL,
    N_KINDS,
    KEY_ABOUT = N_KINDS,
    KEY_ARGUMENTS,
    KEY_INPUT,
    KEY_CALL_ID,
    KEY_VERDICT,
    KEY_AFTER_MS,
    KEY_TIMES,
    N_KEYS,
};

static const char *const key_names[N_KEYS] = {
    [KEY_RECORDING] = "recording", [KEY_REASONING] = "reasoning",
    [KEY_TEXT] = "text",           [KEY_CALL] = "call",
    [KEY_CUSTOM] = "custom",       [KEY_DELAY] = "delay_ms",
    [KEY_USAGE] = "usage",         [KEY_END] = "end",
    [KEY_FAIL] = "fail",           [KEY_ABOUT] = "about",
    [KEY_ARGUMENTS] = "arguments", [KEY_INPUT] = "input",
    [KEY_CALL_ID] = "call_id",     [KEY_VERDICT] = "verdict",
    [KEY_AFTER_MS] = "after_ms",   [KEY_TIMES] = "times",
};

/* The raw values of a line; p is NULL for a key that is absent. */
struct members {
    struct beacon_str at[N_KEYS];
};

/* The inside of a string value; p is NULL when `value` is none. */
static struct beacon_str string_in(struct beacon_str value)
{
    return value.n >= 2 && value.p[0] == '"' ? beacon_span(value.p + 1, value.n - 2)
                                             : beacon_span(NULL, 0);
}

struct word {
    const char *name;
    uint32_t code;
};

static const struct word ends[] = {
    {"stop", BEACON_FINISH_STOP},     {"tools", BEACON_FINISH_TOOLS},
    {"length", BEACON_FINISH_LENGTH}, {"refusal", BEACON_FINISH_REFUSAL},
    {"pause", BEACON_FINISH_PAUSE},   {NULL, 0},
};

static const struct word verdicts[] = {
    {"fatal", BEACON_VERDICT_FATAL},       {"retry", BEACON_VERDICT_RETRY},
    {"reauth", BEACON_VERDICT_REAUTH},     {"too_long", BEACON_VERDICT_TOO_LONG},
    {"fallback", BEACON_VERDICT_FALLBACK}, {NULL, 0},
};

static bool find_word(const struct word *words, struct beacon_str value, uint32_t *ret)
{
    const struct beacon_str name = string_in(value);
    for (; name.p != NULL && words->name != NULL; words++) {
        if (beacon_json_key_is(name, words->name)) {
            *ret = words->code;
            return true;
        }
    }
    return false;
}

static const char *read_header(const struct members *m, struct replay_step *step)
{
    (void)step;
    return beacon_json_integer(m->at[KEY_RECORDING], -1) == 1
               ? NULL
               : "this version plays recordings of format 1";
}

static const char *read_words(struct beacon_str value, struct replay_step *step)
{
    step->body = string_in(value);
    return step->body.p != NULL ? NULL : "the value must be a string";
}

static const char *read_reasoning(const struct members *m, struct replay_step *step)
{
    return read_words(m->at[KEY_REASONING], step);
}

static const char *read_text(const struct members *m, struct replay_step *step)
{
    return read_words(m->at[KEY_TEXT], step);
}

static const char *read_tool(const struct members *m, enum key kind, struct replay_step *step)
{
    step->name = string_in(m->at[kind]);
    step->call_id = string_in(m->at[KEY_CALL_ID]);
    if (step->name.n == 0) {
        return "the value must be the name of a tool";
    }
    if (m->at[KEY_CALL_ID].p != NULL && step->call_id.n == 0) {
        return "\"call_id\" must be a string";
    }
    return NULL;
}

static const char *read_call(const struct members *m, struct replay_step *step)
{
    step->body = m->at[KEY_ARGUMENTS];
    if (step->body.n == 0 || (step->body.p[0] != '{' && step->body.p[0] != '"')) {
        return "\"arguments\" must be an object, or a string that is passed on as it is";
    }
    return read_tool(m, KEY_CALL, step);
}

static bool is_list_of_strings(struct beacon_str value)
{
    struct beacon_json j;
    beacon_json_init(&j, value);
    if (beacon_json_peek(&j) != BEACON_JSON_ARRAY || !beacon_json_enter_array(&j)) {
        return false;
    }
    while (beacon_json_next_element(&j)) {
        (void)beacon_json_string(&j, NULL);
    }
    return beacon_json_finished(&j);
}

static const char *read_custom(const struct members *m, struct replay_step *step)
{
    step->body = m->at[KEY_INPUT];
    if (string_in(step->body).p == NULL && !is_list_of_strings(step->body)) {
        return "\"input\" must be a string or a list of lines";
    }
    return read_tool(m, KEY_CUSTOM, step);
}

static const char *read_delay(const struct members *m, struct replay_step *step)
{
    step->number = beacon_json_integer(m->at[KEY_DELAY], -1);
    return step->number >= 0 && step->number <= RECORDING_DELAY_MAX
               ? NULL
               : "the pause must be a whole number of ms, at most 600000";
}

static const char *read_usage(const struct members *m, struct replay_step *step)
{
    step->body = m->at[KEY_USAGE];
    return step->body.p[0] == '{' ? NULL : "the value must be an object";
}

static const char *read_end(const struct members *m, struct replay_step *step)
{
    return find_word(ends, m->at[KEY_END], &step->code)
               ? NULL
               : "the value must be stop, tools, length, refusal or pause";
}

static const char *read_fail(const struct members *m, struct replay_step *step)
{
    step->code = BEACON_VERDICT_FATAL;
    step->body = string_in(m->at[KEY_FAIL]);
    step->number = beacon_json_integer(m->at[KEY_AFTER_MS], 0);
    step->times = beacon_json_integer(m->at[KEY_TIMES], 0);
    if (step->body.n == 0) {
        return "the value must be a message";
    }
    if (m->at[KEY_VERDICT].p != NULL && !find_word(verdicts, m->at[KEY_VERDICT], &step->code)) {
        return "\"verdict\" must be fatal, retry, reauth, too_long or fallback";
    }
    if (step->number < 0 || step->number > RECORDING_DELAY_MAX || step->times < 0) {
        return "\"after_ms\" and \"times\" must be whole numbers, not below 0";
    }
    return NULL;
}

#define BIT(key) (1u << (key))

/* What each kind of line is, and the keys it may have beside its own. */
static const struct kind {
    enum replay_kind kind;
    uint32_t options;
    const char *(*read)(const struct members *m, struct replay_step *step);
} kinds[N_KINDS] = {
    [KEY_RECORDING] = {REPLAY_HEADER, BIT(KEY_ABOUT), read_header},
    [KEY_REASONING] = {REPLAY_REASONING, 0, read_reasoning},
    [KEY_TEXT] = {REPLAY_TEXT, 0, read_text},
    [KEY_CALL] = {REPLAY_CALL, BIT(KEY_ARGUMENTS) | BIT(KEY_CALL_ID), read_call},
    [KEY_CUSTOM] = {REPLAY_CUSTOM, BIT(KEY_INPUT) | BIT(KEY_CALL_ID), read_custom},
    [KEY_DELAY] = {REPLAY_DELAY, 0, read_delay},
    [KEY_USAGE] = {REPLAY_USAGE, 0, read_usage},
    [KEY_END] = {REPLAY_END, 0, read_end},
    [KEY_FAIL] = {REPLAY_FAIL, BIT(KEY_VERDICT) | BIT(KEY_AFTER_MS) | BIT(KEY_TIMES), read_fail},
};

static enum key key_of(struct beacon_str raw)
{
    int key = 0;
    while (key < N_KEYS && !beacon_json_key_is(raw, key_names[key])) {
        key++;
    }
    return (enum key)key;
}

static const char *read_members(struct beacon_str line, struct members *m)
{
    struct beacon_json j;
    struct beacon_str name, value;
    memset(m, 0, sizeof *m);
    beacon_json_init(&j, line);
    (void)beacon_json_enter_object(&j);
    while (beacon_json_next_key(&j, &name) && beacon_json_skip(&j, &value)) {
        const enum key key = key_of(name);
        if (key == N_KEYS || m->at[key].p != NULL) {
            return "a key is unknown here, or stands there twice";
        }
        m->at[key] = value;
    }
    return beacon_json_finished(&j) ? NULL : "not a JSON object";
}

const char *replay_line_read(struct beacon_str line, struct replay_step *ret)
{
    struct members m;
    uint32_t present = 0;
    int kind = 0;
    if (!beacon_utf8_is_valid(line)) {
        return "not UTF-8";
    }
    const char *problem = read_members(line, &m);
    if (problem != NULL) {
        return problem;
    }
    for (int key = 0; key < N_KEYS; key++) {
        present |= m.at[key].p != NULL ? BIT(key) : 0;
    }
    while (kind < N_KINDS && (present & BIT(kind)) == 0) {
        kind++;
    }
    if (kind == N_KINDS) {
        return "no key says what the line is";
    }
    if ((present & ~(BIT(kind) | kinds[kind].options)) != 0) {
        return "it has a key that belongs to another kind of line";
    }
    memset(ret, 0, sizeof *ret);
    ret->kind = kinds[kind].kind;
    return kinds[kind].read(&m, ret);
}
