/* judge.h - what the rules and the heuristics say about one command, and who says it.
 *
 * Called by policy/approval for every command of the model, before it runs. Nothing is executed and no
 * file is touched. Thread: [main].
 *
 * A script given to bash, zsh or sh with -c or -lc is cut into its commands when it consists of plain ones
 * only; each is judged and the strictest answer is that of the whole. Any other script is one unknown
 * command, of which nothing is allowed by its parts; what tightens counts for every literal command in it.
 */
#ifndef HOST_POLICY_JUDGE_H
#define HOST_POLICY_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/rules.h"

/* One rule that matched. Strings belong to the judgement. */
struct judged_rule {
    char *where;            /* "FILE:3" */
    char *justification;    /* NULL: none */
    char *resolved_program; /* the absolute path that counted as the bare name; NULL: none */
    char **prefix;          /* the words that matched, NULL-terminated */
    enum rule_layer layer;
    enum decision decision;
    bool has_no_effect; /* a project's "allow" */
};

/* Owned by the caller, for judgement_finish(). */
struct judgement {
    /* NONE: neither rule nor heuristic; ALLOW by a rule, or by being known safe (then is_known_safe and
     * not is_by_rule: run it without asking, but in the sandbox); PROMPT: a person must say yes, under
     * `never` it is refused; FORBIDDEN: by a rule, nobody can say yes. */
    enum decision decision;
    bool is_by_rule;    /* a rule decided; else a heuristic or nobody */
    bool is_known_safe; /* every command of it only looks */
    bool is_dangerous;  /* one command of it is, whatever the rules say */
    bool is_forced_rm;  /* the dangerous one is of the kind `rm -f` */
    bool is_split;      /* judged by its parts */
    bool is_broken;     /* a rules file is not understood, so nothing is allowed without asking */
    bool is_session;    /* the person said yes earlier in this session */
    char *where;        /* of what decided: "FILE:line", "heuristic: known safe", …; never NULL */
    const char *layer;  /* "user", "project", "admin", "session", "heuristic", "none"; static */
    char *justification; /* of the rule that decided, or the problem of a broken file; NULL: none */
    struct judged_rule *matches; /* all rules that matched, those without effect too */
    size_t n_matches;
    /* The words a person can be offered to allow from now on (amend.h), NULL-terminated; NULL: not to be
     * offered. Only when no rule asked and these words alone would make the whole command allowed. */
    char **proposed_prefix;
};

/* Judge `argv` (NULL-terminated, borrowed). Fills *ret and returns its decision. An empty argv is NONE. */
enum decision policy_judge(const struct rules *rules, const char *const *argv,
                           struct judgement *ret);
void judgement_finish(struct judgement *judgement);

/* Would `argv` be allowed if the `n` words of `prefix` were? For a prefix that the model proposed: offer
 * it only when this and amend_may_offer() are true. */
bool policy_prefix_covers(const struct rules *rules, const char *const *argv,
                          const char *const *prefix, size_t n);

/* The matches as `execpolicy check` words them, each with "where" and "layer"; what a heuristic decided as
 * {"heuristicsRuleMatch":{"command":[…],"decision":…}}. The caller's to put. */
struct json_object *judgement_json(const struct judgement *judgement, const char *const *argv);

/* Why it is refused, for the model: what stands inside of Rejected("…"). For decision FORBIDDEN, and for
 * PROMPT where nobody can be asked. The caller's to free. */
char *judgement_refusal(const struct judgement *judgement, const char *const *argv);

#endif
