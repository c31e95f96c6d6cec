/* turn_stage.h - a whole agent for tests: real plugins, real tools, a real journal, and a sink that
 * writes down what it hears and may interrupt. Stands on tool_stage.h, whose workspace it works in.
 */
#ifndef TESTS_UNIT_AGENT_TURN_STAGE_H
#define TESTS_UNIT_AGENT_TURN_STAGE_H

#include "agent/agent.h"
#include "base/text.h"
#include "event/event.h"
#include "http/request.h"

struct json_object;
struct mock_server;

struct turn_stage {
    struct mock_server *server; /* of turn_stage_ask_server() */
    struct http *http;
    struct http_limits limits;
    struct provider *provider;
    struct history *history;
    struct recorder *recorder;
    struct agent *agent;
    struct text seen;                                     /* one line per event */
    void (*on_event)(enum event_kind kind, void **state); /* what a test does in an event */
    void **state;
    int n_ends;
    /* Of the agent's settings; set them before it is made. */
    struct event_usage usage_before;
    const struct cost_state *cost_before;
    const struct model_profile *profile;
    const struct budget_limits *budget;
    int n_broken; /* answers that broke off and are paid for; none of `seen` */
    enum agent_outcome outcome;
    struct beacon_error failure;
    int64_t compact_limit; /* set before a model is chosen */
};

extern struct turn_stage turn;

int turn_stage_setup(void **state);
int turn_stage_teardown(void **state);

/* Choose the model, first thing in a test. */
void turn_stage_ask_server(void **state, const char *scenario); /* of mock_model, by "responses" */
void turn_stage_ask(const char *component, const char *config);

/* One turn, to its end. */
enum agent_outcome turn_stage_run(const char *prompt);
enum agent_outcome turn_stage_submit(const struct agent_prompt *prompt);
enum agent_outcome turn_stage_compact(void);

/* The journal, read back, makes the history there is. */
void assert_replay(void);

void interrupt_on(enum event_kind kind); /* the next time this event comes */

const char *turn_seen(void);
const char *turn_journal(void);         /* the whole file */
const char *turn_request(size_t index); /* body of a request to the server; until the next call */
size_t turn_request_count(void);

/* A turn with this prompt ends so, and these are its events. */
void assert_turn(const char *prompt, enum agent_outcome outcome, const char *seen);

#define on_turn_stage(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, turn_stage_setup, turn_stage_teardown)

#endif
