/* judge_parts.h - one judgement while it is made. judge.c puts the parts together, judge_part.c judges one
 * command, judge_report.c words the result. Private to judge*.c.
 */
#ifndef HOST_POLICY_JUDGE_PARTS_H
#define HOST_POLICY_JUDGE_PARTS_H

#include "policy/dangerous.h"
#include "policy/judge.h"
#include "policy/rules_parts.h"

#define JUDGED_RULES_MAX 256 /* told of one command; all of them count */

struct judging {
    const struct rules *rules;
    const char *const *argv;  /* the whole command */
    const char *const *extra; /* a prefix that is tried (policy_prefix_covers); NULL: none */
    size_t n_extra;
    struct judgement *ret;
    const struct rule **told; /* ret->matches as rules */
};

/* What is said of one command, and by whom. */
struct verdict {
    enum decision decision;
    const struct rule *rule; /* NULL: a heuristic or nobody */
    bool is_safe, is_session;
    enum danger danger; /* looked for only where no rule decides */
};

/* `argv` is no script. Without `has_heuristics` the rules alone are asked. */
struct verdict judge_part(struct judging *judging, const char *const *argv, bool may_gain_options,
                          bool has_heuristics);

/* Rules that tighten, for one command somewhere in a script. NULL: none. */
const struct rule *judge_tightening(struct judging *judging, const char *const *argv);

/* The rule that says yes to this very command for the session; NULL: none. */
const struct rule *judge_session(const struct judging *judging, const char *const *argv);

#endif
