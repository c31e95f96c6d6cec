# shellcheck shell=bash
# exec_approvals.sh - who may say yes where nobody can be asked, and where it is written down.
. "$(dirname "$0")/lib.sh"

# rules FILE: the command rules of the user, from standard input.
rules() {
    mkdir -p "$HOME_DIR/rules"
    cat >"$HOME_DIR/rules/$1"
}

# decisions FILTER: of the newest session.
decisions() {
    jq -c "select(.type == \"event_msg\" and .payload.type == \"tool_decision\") | .payload | $1" \
        "$(rollouts | tail -n 1)"
}

rejected() {
    printf 'exec_command failed: CreateProcess { message: "Rejected(\\"%s\\")" }' "$1"
}

check 'untrusted: what only looks runs, what is unknown is refused'
echo content >f
model "$(together "$(command c1 'cat f && ls | wc -l')" "$(command c2 'touch made')")" '{"text":"Done."}'
run_json -c approval_policy=untrusted -s workspace-write 'go'
expect_exit 0
expect_equal 'what is known' "$(command_output c1)" 'content
1'
expect_equal 'what is not' "$(tool_output c2)" \
    "$(rejected 'auto-rejected because command is not on trusted list')"
[ ! -e made ] || fail 'it ran'
expect_equal 'the declined item' "$(event '.item.status == "declined"' '[.type, .item.command, .item.exit_code] | tojson')" \
    '["item.completed","/bin/bash -lc '"'touch made'"'",null]'

check 'every other policy means never here, and the header says so'
for policy in on-request on-failure never; do
    model "$(command c1 'touch made' '{"sandbox_permissions":"require_escalated","justification":"please"}')" '{"text":"Done."}'
    run exec --skip-git-repo-check -c "approval_policy=$policy" 'go'
    expect_exit 0
    expect_line "$STDERR" 'approval: never'
    expect_has <(tool_output c1) 'approval policy is Never; reject command'
    stop_servers && : >"$LOG"
done

check 'a forbidden command is refused with the reason of its rule, and the journal names the rule'
rules a.rules <<'RULES'
# nobody publishes from here
prefix_rule(["git", "push"], decision="forbidden", justification="publishing is done by the release job")
RULES
model "$(command c1 'git status && git push origin')" '{"text":"Done."}'
run_json -s workspace-write 'go'
expect_exit 0
expect_equal 'the answer' "$(tool_output c1)" \
    "$(rejected "\`/bin/bash -lc 'git status && git push origin'\` rejected: publishing is done by the release job")"
expect_equal 'the decision' "$(decisions '[.call_id, .decision, .source, .decided_by, .rule_layer, .was_asked]')" \
    '["c1","denied","config","rule","user",false]'
expect_equal 'its rule' "$(decisions .rule)" "\"$HOME_DIR/rules/a.rules:2\""

check 'a rule that asks is a no where nobody is asked'
rules a.rules <<'RULES'
prefix_rule(["touch"], decision="prompt", justification="new files are looked at")
RULES
model "$(command c1 'touch made')" '{"text":"Done."}'
run exec --skip-git-repo-check -s workspace-write 'go'
expect_exit 0
expect_has <(tool_output c1) 'Rejected('
expect_has "$STDERR" ' declined'
[ ! -e made ] || fail 'it ran'

check 'an allow rule lets a command run unasked, and out of the sandbox only when it asks to leave'
rules a.rules <<'RULES'
prefix_rule(["touch"])
RULES
model "$(together "$(command c1 "touch $HOME/inside")" \
    "$(command c2 "touch $HOME/outside" '{"sandbox_permissions":"require_escalated","justification":"x"}')")" '{"text":"Done."}'
run_json -c approval_policy=untrusted 'go'
expect_exit 0
[ ! -e "$HOME/inside" ] || fail 'a command that did not ask left the sandbox'
[ -e "$HOME/outside" ] || fail 'the command did not leave the sandbox' "$STDOUT"
expect_equal 'the decisions' "$(decisions '[.call_id, .decision, .decided_by, (.sandbox_backend == "none"), .is_escalated]')" \
    '["c1","approved","rule",false,false]
["c2","approved","rule",true,true]'

check 'a forced rm is refused in the words that models know'
echo x >f
model "$(command c1 'rm -f f')" '{"text":"Done."}'
run_json -s workspace-write 'go'
expect_exit 0
expect_equal 'the answer' "$(tool_output c1)" \
    "$(rejected "\`/bin/bash -lc 'rm -f f'\` rejected: rm -f style commands are not permitted. Use a safer approach")"
[ -e f ] || fail 'it ran'

check 'rules that cannot be understood are told, and nothing is allowed by default'
rules a.rules <<'RULES'
prefix_rule(["touch"]
RULES
model "$(command c1 'touch made')" '{"text":"Done."}'
run_json -s workspace-write 'go'
expect_exit 0
expect_has "$STDOUT" "the command rules in $HOME_DIR/rules/a.rules cannot be used"
expect_has <(tool_output c1) 'Rejected('
[ ! -e made ] || fail 'it ran'

check 'who decided is told as telemetry too'
rules a.rules <<'RULES'
prefix_rule(["touch"], "forbidden")
RULES
model "$(together "$(command c1 'touch made')" "$(command c2 'true')")" '{"text":"Done."}'
configure '' '' '[otel]
exporter = "file"'
run exec --skip-git-repo-check 'go'
expect_exit 0
expect_equal 'the decisions' "$(jq -c 'select(.name == "codex.tool_decision") | .attributes |
    [.call_id, .decision, .decided_by, .rule_layer, .approval_policy, .was_asked]' "$HOME_DIR/telemetry.jsonl" | sort)" \
    '["c1","denied","rule","user","never",false]
["c2","approved","heuristic","heuristic","never",false]'

check 'a session that is resumed keeps the decisions of before'
model "$(command c1 'true')" '{"text":"one"}' '{"text":"two"}'
run_json 'go'
expect_exit 0
run_json resume --last 'on'
expect_exit 0
expect_whole_rollouts
expect_equal 'the decisions' "$(decisions '[.call_id, .decision]')" '["c1","approved"]'

check 'without any sandbox the header says it'
model '{"text":"Done."}'
run exec --skip-git-repo-check --yolo -c approval_policy=untrusted 'go'
expect_exit 0
expect_line "$STDERR" 'approval: never'
expect_line "$STDERR" 'sandbox: danger-full-access (none — nothing is restricted)'
