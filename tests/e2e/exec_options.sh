#!/usr/bin/env bash
# The options of `beacon exec`, and what is said about wrong ones and wrong configuration.
. "$(dirname "$0")/lib.sh"

check '-o writes the last message, without a newline'
model '{"text":"The answer."}'
run exec --skip-git-repo-check -o answer.txt 'ask'
expect_exit 0
expect_stdout 'The answer.'
expect_equal 'the file' "$(od -c answer.txt)" "$(printf 'The answer.' | od -c)"

check '-o of a failed turn leaves an empty file'
model '{"status":400,"body":"no"}'
echo 'from an earlier run' >answer.txt
run exec --skip-git-repo-check --output-last-message answer.txt 'ask'
expect_exit 1
expect_equal 'the size of the file' "$(stat -c %s answer.txt)" 0
expect_line "$STDERR" 'Warning: no last agent message; wrote empty content to answer.txt'

check '-o to a place that cannot be written fails'
model '{"text":"The answer."}'
run exec --skip-git-repo-check -o missing/answer.txt 'ask'
expect_exit 1
expect_stdout 'The answer.'
expect_has "$STDERR" 'Failed to write last message file missing/answer.txt: No such file or directory'

check '--output-schema becomes text.format of the request'
model '{"text":"{\"n\":1}"}'
echo '{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}' >schema.json
run exec --skip-git-repo-check --output-schema schema.json 'count'
expect_exit 0
expect_stdout '{"n":1}'
expect_equal 'text.format' "$(request 1 '.text.format | tojson')" \
    '{"type":"json_schema","strict":true,"name":"codex_output_schema","schema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}}'

check '--output-schema that is missing or no JSON stops the run'
model '{"text":"never asked"}'
run exec --skip-git-repo-check --output-schema missing.json 'count'
expect_exit 1
expect_stderr 'Failed to read output schema file missing.json: No such file or directory'
echo '{"type":' >broken.json
run exec --skip-git-repo-check --output-schema broken.json 'count'
expect_exit 1
expect_has "$STDERR" 'Output schema file broken.json is not valid JSON: '
expect_requests 0

check '-m chooses the model'
model '{"text":"ok"}'
run exec --skip-git-repo-check -m gpt-5-mini 'hi'
expect_exit 0
expect_equal 'the model' "$(request 1 .model)" gpt-5-mini
expect_line "$STDERR" 'model: gpt-5-mini'

check '-C works in another directory'
model "$(command c1 pwd)" '{"text":"ok"}'
mkdir "$CASE/elsewhere"
run_json -C ../elsewhere 'where?'
expect_exit 0
expect_equal 'the directory of the command' "$(event '.item.exit_code == 0' .item.aggregated_output)" "$CASE/elsewhere"
run exec -C missing 'where?'
expect_exit 1
expect_has "$STDERR" 'cannot work in missing: No such file or directory'

check '-p takes a profile, and a flag is stronger'
model '{"text":"ok"}' '{"text":"ok"}'
configure '' '' '[profiles.small]
model = "gpt-5-nano"
model_reasoning_effort = "low"'
run exec --skip-git-repo-check -p small 'hi'
expect_exit 0
expect_equal 'the model' "$(request 1 .model)" gpt-5-nano
expect_equal 'the effort' "$(request 1 .reasoning.effort)" low
run exec --skip-git-repo-check --profile small -m gpt-5-mini 'hi'
expect_equal 'the model' "$(request 2 .model)" gpt-5-mini

check 'a profile that does not exist stops the run'
model '{"text":"never asked"}'
run exec --skip-git-repo-check -p nosuch 'hi'
expect_exit 1
expect_has "$STDERR" 'config profile `nosuch` not found'
expect_requests 0

check 'a provider that does not exist stops the run'
model '{"text":"never asked"}'
run exec --skip-git-repo-check -c model_provider=nosuch 'hi'
expect_exit 1
expect_has "$STDERR" 'Model provider `nosuch` not found'
expect_requests 0

check '-c overrides values: TOML, else text'
model '{"text":"ok"}' '{"text":"ok"}'
run exec --skip-git-repo-check -c model=o3 -c 'model_reasoning_effort="high"' 'hi'
expect_exit 0
expect_equal 'the model' "$(request 1 .model)" o3
expect_equal 'the effort' "$(request 1 .reasoning.effort)" high
run exec --skip-git-repo-check -c model=a --config model=b 'hi'
expect_equal 'the later one wins' "$(request 2 .model)" b

check '-c without = or key is refused in the known words'
model '{"text":"never asked"}'
run exec --skip-git-repo-check -c foo 'hi'
expect_exit 1
expect_stderr "Error parsing -c overrides: Invalid override (missing '='): foo"
run exec --skip-git-repo-check -c =x 'hi'
expect_exit 1
expect_stderr 'Error parsing -c overrides: Empty key in override: =x'
expect_requests 0

check 'a value that is no choice is refused with the choices'
model '{"text":"never asked"}'
run exec --skip-git-repo-check -c sandbox_mode=bogus 'hi'
expect_exit 1
expect_has "$STDERR" 'Error loading config.toml: unknown variant `bogus`, expected one of '
expect_has "$STDERR" 'in `sandbox_mode`'
configure 'sandbox_mode = "bogus"'
run exec --skip-git-repo-check 'hi'
expect_exit 1
expect_has "$STDERR" 'unknown variant `bogus`, expected one of '
expect_requests 0

check 'a syntax error in config.toml is shown with file, line and column'
printf 'model = "a"\nmodel_provider = \n' >"$HOME_DIR/config.toml"
run exec --skip-git-repo-check 'hi'
expect_exit 1
expect_line "$STDERR" 'Error loading config.toml:'
expect_has "$STDERR" "$HOME_DIR/config.toml:2:18"
expect_has "$STDERR" 'model_provider = '

check 'an unknown key is a warning with the nearest known key'
model '{"text":"ok"}' '{"text":"ok"}'
configure 'model_reasoning_efort = "low"'
run_json 'hi'
expect_exit 0
expect_equal 'the order' "$(jq -r '.type' "$STDOUT" | head -n 3 | paste -sd' ')" 'thread.started item.completed turn.started'
expect_equal 'the type' "$(event '.item.id == "item_0"' .item.type)" error
event '.item.id == "item_0"' .item.message >"$CASE/warning"
expect_has "$CASE/warning" 'model_reasoning_efort'
expect_has "$CASE/warning" 'model_reasoning_effort'
run exec --skip-git-repo-check 'hi'
expect_exit 0
expect_has "$STDERR" 'warning: '
expect_stdout ok

check '-s, --full-auto and --yolo choose the sandbox'
model_always '{"text":"ok"}'
sandbox_of() {
    run exec --skip-git-repo-check "$@" 'hi'
    sed -n 's/^sandbox: \([a-z-]*\).*/\1/p' "$STDERR"
}
expect_equal 'none given' "$(sandbox_of)" read-only
expect_equal '-s' "$(sandbox_of -s workspace-write)" workspace-write
expect_equal '--sandbox=' "$(sandbox_of --sandbox=danger-full-access)" danger-full-access
expect_equal '--full-auto' "$(sandbox_of --full-auto)" workspace-write
expect_equal '--yolo' "$(sandbox_of --yolo)" danger-full-access
expect_equal 'the long one' "$(sandbox_of --dangerously-bypass-approvals-and-sandbox)" danger-full-access
run exec --skip-git-repo-check -s nonsense 'hi'
expect_exit 2
expect_has "$STDERR" "invalid value 'nonsense' for '--sandbox <MODE>'"

check 'outside of a repository the run must be asked for'
model_always '{"text":"ok"}'
run exec 'hi'
expect_exit 1
expect_stderr 'Not inside a trusted directory and --skip-git-repo-check was not specified.'
expect_requests 0
run exec --skip-git-repo-check 'hi'
expect_exit 0
git init -q .
run exec 'hi'
expect_exit 0
mkdir sub
run exec -C sub 'hi'
expect_exit 0

check 'a trusted project needs no repository'
model '{"text":"ok"}'
configure '' '' "[projects.\"$WORK\"]
trust_level = \"trusted\""
run exec 'hi'
expect_exit 0

check '--color colours the transcript only'
model_always '{"text":"ok"}'
run exec --skip-git-repo-check --color always 'hi'
expect_has "$STDERR" $'\e['
expect_stdout ok
run exec --skip-git-repo-check --color never 'hi'
expect_not "$STDERR" $'\e['
run exec --skip-git-repo-check 'hi'
expect_not "$STDERR" $'\e['
run exec --skip-git-repo-check --color sometimes 'hi'
expect_exit 2

check 'options of SDK clients are accepted'
model '{"text":"ok"}'
run exec --experimental-json --config 'model_reasoning_effort="low"' --model gpt-5-mini --thread-source sdk \
    --sandbox read-only --cd "$WORK" --add-dir /usr --skip-git-repo-check --cyber-access-program none \
    --config sandbox_workspace_write.network_access=false --config 'web_search="disabled"' \
    --config 'approval_policy="on-request"' <<<'hi'
expect_exit 0
expect_json_lines

check 'an unknown option is wrong usage'
run exec --nosuch 'hi'
expect_exit 2
expect_stdout ''
expect_has "$STDERR" "error: unexpected argument '--nosuch' found"
expect_has "$STDERR" 'Usage: beacon exec'
run exec -m
expect_exit 2
expect_has "$STDERR" "a value is required for '--model <MODEL>'"
run exec 'two' 'prompts'
expect_exit 2

check 'a prompt without a command is exec'
model '{"text":"ok"}'
run --skip-git-repo-check 'explain this'
expect_exit 0
expect_stdout ok
expect_equal 'the prompt' "$(request 1 '.input[-1].content[-1].text')" 'explain this'

check 'a slip in a command is not sent as a prompt'
model '{"text":"never asked"}'
run plugn
expect_exit 2
expect_has "$STDERR" "unrecognized subcommand 'plugn'; did you mean 'plugin'?"
expect_requests 0

check 'beacon alone on a terminal prints a screenful'
model '{"text":"never asked"}'
script -qec "'$BEACON'" /dev/null >"$STDOUT" 2>"$STDERR"
STATUS=$?
expect_exit 0
expect_has "$STDOUT" 'Beacon'
expect_has "$STDOUT" 'gpt-5.5'
expect_has "$STDOUT" 'MOCK_KEY is set'
expect_not "$STDOUT" "$MOCK_KEY"
[ "$(wc -l <"$STDOUT")" -le 24 ] || fail 'it is more than a screenful' "$STDOUT"
expect_requests 0

check 'help and version'
run --version
expect_exit 0
expect_equal 'its form' "$(grep -cE '^beacon [0-9]+\.[0-9]+\.[0-9]+' "$STDOUT")" 1
run --help
expect_exit 0
expect_has "$STDOUT" 'Usage: beacon'
run exec --help
expect_exit 0
for option in --json --output-last-message --output-schema --model --cd --profile --config --sandbox \
    --full-auto --dangerously-bypass-approvals-and-sandbox --skip-git-repo-check --image --color; do
    expect_has "$STDOUT" "$option"
done
