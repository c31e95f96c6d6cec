#!/usr/bin/env bash
# The limits of a session: the request that would go over one is never sent, and the exit status tells.
. "$(dirname "$0")/lib.sh"

PRICES='[model_providers.mock.models."gpt-5.5"]
price_input = 3
price_output = 15'
# Of 100,000 tokens; 98,000 of input cost 0.294 dollars, 2,000 of output 0.03.
USAGE='"usage":{"input_tokens":98000,"output_tokens":2000,"total_tokens":100000}'

# ask N: N requests that call a tool, and an answer.
ask() {
    local i replies=()
    for i in $(seq "$1"); do
        replies+=("$(command "c$i" "echo $i" | jq -c ". + {$USAGE}")")
    done
    model "${replies[@]}" "{\"text\":\"Done.\",$USAGE}"
}

message() {
    event '.type == "turn.failed"' .error.message
}

check 'a limit of tokens refuses the next request, and says how much was used and how to raise it'
ask 5
run_json --max-tokens 350000 'go'
expect_exit 4
expect_requests 3
expect_equal 'the sentence' "$(message | sed -E 's/about [0-9]+/about N/')" \
    'budget max_tokens reached: 300000 of 350000 tokens are used, and the next request takes about N; raise it with --max-tokens or [budget] max_tokens'
expect_whole_rollouts

check 'the answer to a person is one sentence and what to do'
ask 2
configure '' '' '[budget]
max_turns = 1'
run exec --skip-git-repo-check 'go'
expect_exit 4
expect_requests 1
expect_line "$STDERR" 'ERROR: budget max_turns reached: 1 of 1 requests to the model were made; raise it with --max-turns or [budget] max_turns'
expect_has "$STDERR" 'beacon exec resume --last'

check 'a resumed session goes on counting, and on with a higher limit'
ask 2
run_json --max-turns 2 'go'
expect_exit 4
expect_requests 2
ID=$(thread_id)
run_json --max-turns 2 resume "$ID" 'go on'
expect_exit 4
expect_requests 2
run_json --max-turns 3 resume "$ID" 'go on'
expect_exit 0
expect_requests 3

check 'a turn that fits into its limits is not disturbed by them'
ask 2
configure '' '' "$PRICES"
run_json --max-turns 3 --max-tokens 1000000 --max-cost-usd 5 --max-seconds 100 'go'
expect_exit 0
expect_requests 3

check 'a limit of money refuses the next request'
ask 5
configure '' '' "$PRICES"
run_json --max-cost-usd 1.1 'go'
expect_exit 4
expect_requests 3
expect_equal 'the sentence' "$(message | sed -E 's/about .[0-9.]+/about N/')" \
    'budget max_cost_usd reached: $0.9720 of $1.1000 is spent, and the next request costs about N; raise it with --max-cost-usd or [budget] max_cost_usd'

check 'money cannot be limited where nobody knows the price, and the key to set is named'
ask 1
run_json --max-cost-usd 1 'go'
expect_exit 1
expect_requests 0
expect_has "$STDERR" 'the price of the model gpt-5.5 is not known'
expect_has "$STDERR" 'set price_input and price_output (dollars per million tokens) in [model_providers.mock.models."gpt-5.5"]'

check 'so it is for every model that may be fallen back on'
ask 1
configure 'model_fallback = ["cheap"]' '' "$PRICES"
run_json --max-cost-usd 1 'go'
expect_exit 1
expect_requests 0
expect_has "$STDERR" 'the price of the model cheap is not known'

check 'a limit that is none is refused'
ask 1
run_json --max-tokens many 'go'
expect_exit 1
expect_has "$STDERR" '`budget.max_tokens` must be an integer'
run_json --max-tokens -5 'go'
expect_exit 2
run_json -c budget.max_cost_usd=-1.5 'go'
expect_exit 1
expect_has "$STDERR" 'is no amount of money'
run_json -c budget.max_cost_usd=inf 'go'
expect_exit 1
expect_requests 0

check 'nothing at all may be spent with a limit of nothing'
ask 1
run_json --max-tokens 0 'go'
expect_exit 4
expect_requests 0
run_json --max-seconds 0 'go'
expect_exit 5
expect_requests 0

check 'when the time is up a command is killed, and the exit status is that of time'
make_alive
model "$(command c1 "$STAY_ALIVE" '{"yield_time_ms":100000}')" '{"text":"Never."}'
start_json -s danger-full-access --max-seconds 1 'go'
wait_until_alive
wait_for_exit
expect_exit 5
expect_gone
expect_requests 1
expect_equal 'the sentence' "$(message)" \
    'budget max_seconds reached: 1 seconds of work have passed; raise it with --max-seconds or [budget] max_seconds'

check 'when the time is up an answer that hangs is cut off'
model '{"text":"Hello there, hello.","hang_after_events":3}'
run_json --max-seconds 1 'go'
expect_exit 5
expect_has "$STDOUT" 'budget max_seconds reached'
expect_whole_rollouts

check 'when the time is up a pause before another try ends'
model '{"status":503,"headers":{"Retry-After":"60"},"body":"busy"}'
configure '' 'request_max_retries = 3'
run_json --max-seconds 1 'go'
expect_exit 5
expect_requests 1

check 'a project cannot raise a limit of the person'
ask 2
configure '' '' '[budget]
max_turns = 2'
mkdir -p .git .code
printf '[budget]\nmax_turns = 9\n' >.code/config.toml
run_json 'go'
expect_exit 4
expect_requests 2

check 'a project lowers a limit, and the person raises it again on the command line'
ask 2
mkdir -p .git .code
printf '[budget]\nmax_turns = 1\n' >.code/config.toml
run_json 'go'
expect_exit 4
expect_requests 1
run_json --max-turns 9 resume --last 'go on'
expect_exit 0
expect_requests 3

check 'a provider that does not count is held to estimates, which say so'
ANSWER='{"sse":[{"type":"response.created","response":{"id":"r1"}},{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"c1","name":"exec_command","arguments":"{\"cmd\":\"head -c 9000 /dev/zero | tr \\\\0 x\"}"}},{"type":"response.completed","response":{"id":"r1"}}]}'
model_always "$ANSWER"
run_json --max-tokens 12000 'go'
expect_exit 4
expect_has "$STDOUT" '(estimated) of 12000 tokens are used'
