/* stage.h - a component on the test host of the SDK; of a provider also the answers of its server.
 *
 * <beacon-sdk/testhost.h> loads the plugin, lends it memory that ends at unreadable pages, and writes down
 * what is wrong as findings; here findings become failures of the check. Answers come from the transcripts
 * of the author, and where there are none from texts that every server can send.
 */
#ifndef SDK_CHECK_STAGE_H
#define SDK_CHECK_STAGE_H

#include <beacon-sdk/testhost_provider.h>

#include "transcript_names.h"

struct check_case;

struct stage {
    struct check_case *c;
    struct testhost *t;
    const struct beacon_component *component;
    char *config;                /* of an instance that works */
    struct testhost_provider *p; /* one such instance */
    struct testhost_transcript *transcripts[TRANSCRIPTS_MAX];
    char *names[TRANSCRIPTS_MAX];
    size_t n_transcripts;
};

/* Load the plugin with these options of the host (NULL: none), find the component and a configuration.
 * False: check_skip() was called; stage_close() in both cases. */
bool stage_load(struct stage *stage, struct check_case *c, const struct testhost_options *options);

/* The same for a provider of form A, with an instance and transcripts. False: check_skip()
 * or check_fail() was called; stage_close() in both cases. */
bool stage_open(struct stage *stage, struct check_case *c, const struct testhost_options *options);
void stage_close(struct stage *stage);

/* The same, and transcripts are needed; check_skip() when there are none. */
bool stage_open_recorded(struct stage *stage, struct check_case *c,
                         const struct testhost_options *options);

/* Findings whose rule is in `rules` ("crash,over-read", NULL: any) and whose line contains `with` (NULL:
 * anything; "!words": does not contain them) make the check fail: the first is shown, behind `tried` ("hello.txt cut after frame 3"). All
 * are forgotten. True: there were none. */
bool stage_has_no_findings(struct stage *stage, const char *rules, const char *with,
                           const char *expected, const char *tried);

/* Rules that are about memory and life, whatever is being looked at. */
#define STAGE_RULES_HARD "crash,kept-pointer,over-read,late-call,thread,reentered"

/* A conversation with every kind of message, as JSON. */
extern const char stage_turn_rich[];

#endif
