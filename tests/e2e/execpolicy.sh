#!/usr/bin/env bash
# Command rules: beacon execpolicy check, and what rules do in a session.
. "$(dirname "$0")/lib.sh"

# rules FILE: standard input becomes that file.
rules() {
    mkdir -p "$(dirname "$1")"
    cat >"$1"
}

try() {
    run execpolicy check "$@"
}

# refused_as CAUSE: F.rules cannot be used.
refused_as() {
    try -r F.rules ls
    expect_exit 1
    expect_stdout ''
    expect_stderr "Error: failed to parse policy at F.rules

Caused by:
    F.rules:$1"
}

check 'the answer is one line of JSON, in the order of the rules'
rules F.rules <<'RULES'
prefix_rule(["git", "push"], "prompt", justification="ask first")
prefix_rule(["git"], "allow")
RULES
try --rules F.rules -- git push origin
expect_exit 0
expect_stdout '{"matchedRules":[{"prefixRuleMatch":{"matchedPrefix":["git","push"],"decision":"prompt","justification":"ask first"}},{"prefixRuleMatch":{"matchedPrefix":["git"],"decision":"allow"}}],"decision":"prompt"}'
expect_stderr ''
expect_equal 'the number of lines' "$(wc -l <"$STDOUT")" 1

check 'what no rule matches has no decision, and a script is not cut'
rules F.rules <<<'prefix_rule(["ls"])'
for words in make 'bash -lc ls' '/bin/ls'; do
    # shellcheck disable=SC2086 # it is several words
    try -rF.rules $words
    expect_exit 0
    expect_stdout '{"matchedRules":[]}'
done

check 'the exit status is 0 whatever the decision is'
rules F.rules <<<'prefix_rule(["rm"], "forbidden")'
try --rules=F.rules rm -rf --pretty /
expect_exit 0
expect_stdout '{"matchedRules":[{"prefixRuleMatch":{"matchedPrefix":["rm"],"decision":"forbidden"}}],"decision":"forbidden"}'

check '--pretty indents the same answer'
rules F.rules <<<'prefix_rule(["ls"])'
try --pretty -r F.rules ls
expect_stdout '{
  "matchedRules": [
    {
      "prefixRuleMatch": {
        "matchedPrefix": [
          "ls"
        ],
        "decision": "allow"
      }
    }
  ],
  "decision": "allow"
}'

check 'several files are one set of rules'
rules A.rules <<<'prefix_rule(["ls"])'
rules B.rules <<<'prefix_rule(["ls", "-l"], "prompt")'
try -r A.rules --rules B.rules ls -l
expect_equal 'the decision' "$(jq -r .decision "$STDOUT")" prompt
expect_equal 'the prefixes' "$(jq -c '[.matchedRules[].prefixRuleMatch.matchedPrefix]' "$STDOUT")" '[["ls"],["ls","-l"]]'

check 'an absolute path matches by its name when that is asked for'
rules F.rules <<'RULES'
prefix_rule(["git"])
prefix_rule(["make"])
host_executable("git", ["/usr/bin/git"])
RULES
try -r F.rules --resolve-host-executables /usr/bin/git status
expect_stdout '{"matchedRules":[{"prefixRuleMatch":{"matchedPrefix":["git"],"decision":"allow","resolvedProgram":"/usr/bin/git"}}],"decision":"allow"}'
try -r F.rules --resolve-host-executables /opt/git status
expect_stdout '{"matchedRules":[]}'
try -r F.rules --resolve-host-executables /opt/make
expect_equal 'the program' "$(jq -r '.matchedRules[0].prefixRuleMatch.resolvedProgram' "$STDOUT")" /opt/make
try -r F.rules /usr/bin/git status
expect_stdout '{"matchedRules":[]}'

check 'a file that cannot be understood is refused with the place'
rules F.rules <<<'prefix_rule([])'
refused_as '1:13: invalid pattern element: pattern cannot be empty'
rules F.rules <<<'prefix_rule(["ls"], "maybe")'
refused_as '1:21: invalid decision: maybe'
rules F.rules <<'RULES'
# first
def rule(x):
    prefix_rule([x])
RULES
# shellcheck disable=SC2016 # these are no commands
refused_as '2:1: `def` is not supported; write the rule out'
rules F.rules <<<'prefix_rule(["ls"], match=["ls -l", "cat x"])'
# shellcheck disable=SC2016
refused_as '1:37: expected every example to match at least one rule. rules: [`ls`]; unmatched examples: [`cat x`]'
rules F.rules <<<'prefix_rule(["ls"], not_match=["ls -l"])'
# shellcheck disable=SC2016
refused_as '1:32: expected example to not match rule `ls`: ls -l'

check 'a file that cannot be read is refused'
try -r none.rules ls
expect_exit 1
expect_stderr 'Error: failed to read policy at none.rules

Caused by:
    No such file or directory'
mkfifo fifo.rules
try -r fifo.rules ls
expect_exit 1
expect_has "$STDERR" 'Error: failed to read policy at fifo.rules'

check 'a wrong command line is told what is missing'
rules F.rules <<<''
try ls
expect_exit 2
expect_has "$STDERR" '--rules <FILE>'
try -r F.rules
expect_exit 2
expect_has "$STDERR" '<COMMAND>...'
try -r
expect_exit 2
try -r F.rules --wrong ls
expect_exit 2
expect_has "$STDERR" "--wrong"
run execpolicy
expect_exit 2
run execpolicy nothing
expect_exit 2
run execpolicy check --help
expect_exit 0
expect_has "$STDOUT" '--resolve-host-executables'
run --help
expect_has "$STDOUT" 'execpolicy'

# ---- in a session ----

# session SCRIPT [ARGS…]: the model runs one command; $CASE/told is what it was told.
session() {
    stop_servers
    : >"$LOG"
    model "$(command c1 "$1")" '{"text":"Done."}'
    configure "${TOP-}" '' "${TABLES-}"
    run_json -s workspace-write "${@:2}" go
    expect_exit 0
    tool_output c1 >"$CASE/told"
}

trusted() {
    printf '[projects."%s"]\ntrust_level = "trusted"\n' "$WORK"
}

check 'what a rule forbids does not run, and the model is told why'
rules "$HOME_DIR/rules/default.rules" <<'RULES'
prefix_rule(["touch"], "forbidden", justification="use the editor")
RULES
session 'ls; touch made'
[ ! -e made ] || fail 'it ran'
expect_has "$CASE/told" 'rejected: use the editor'
session 'cat <(touch made)'
[ ! -e made ] || fail 'it ran in a substitution'
session '/usr/bin/touch made'
[ ! -e made ] || fail 'it ran by its path'

check 'without a rule the same command runs'
session 'touch made'
[ -e made ] || fail 'it did not run' "$CASE/told"

check 'rm -f is refused where nobody can be asked, unless a rule allows it'
touch f
session 'rm -f f'
[ -e f ] || fail 'it ran'
expect_has "$CASE/told" 'rm -f style commands are not permitted. Use a safer approach'
rules "$HOME_DIR/rules/default.rules" <<<'prefix_rule(["rm", "-f"])'
TOP='sandbox_mode = "workspace-write"' session 'rm -f f'
[ ! -e f ] || fail 'it did not run' "$CASE/told"

check 'a broken file makes every command ask, and that is said at once'
rules "$HOME_DIR/rules/default.rules" <<<'prefix_rule(['
session 'ls'
expect_has "$CASE/told" 'default.rules:2:1: unexpected end of file'
expect_has "$STDOUT" "the command rules in $HOME_DIR/rules/default.rules cannot be used"

check 'the rules of a project count when it is trusted, and allow nothing'
git init -q .
rules .code/rules/p.rules <<'RULES'
prefix_rule(["touch"], "forbidden", justification="not here")
prefix_rule(["rm", "-f"])
RULES
touch f
session 'touch made'
[ -e made ] || fail 'the rule of an untrusted project counted' "$CASE/told"
rm made
TABLES=$(trusted) session 'touch made'
[ ! -e made ] || fail 'it ran'
expect_has "$CASE/told" 'rejected: not here'
TABLES=$(trusted) session 'rm -f f'
[ -e f ] || fail 'the project allowed it'

check 'commands of the configuration are always allowed in their project'
touch f g
always() {
    printf '[[projects."%s".always_allow_commands]]\n%s\n' "$WORK" "$1"
}
TABLES=$(always 'argv = ["rm", "-f", "f"]') session 'rm -f f'
[ ! -e f ] || fail 'it did not run' "$CASE/told"
TABLES=$(always 'argv = ["rm", "-f", "f"]') session 'rm -f g'
[ -e g ] || fail 'another command ran'
TABLES=$(always 'argv = ["rm", "-f"]
match_kind = "prefix"') session 'rm -f g'
[ ! -e g ] || fail 'it did not run' "$CASE/told"

check 'an entry that is wrong ends the session before it begins'
for entry in 'argv = []' 'argv = "ls"' 'argv = [1]' 'match_kind = "exact"' 'argv = ["a"]
match_kind = "glob"' 'argv = ["a"]
kind = "x"'; do
    configure '' '' "$(printf '[[projects."%s".always_allow_commands]]\n%s\n' "$WORK" "$entry")"
    run_json go
    expect_exit 1
    cat "$STDOUT" "$STDERR" >"$CASE/said"
    expect_has "$CASE/said" 'always_allow_commands'
done
