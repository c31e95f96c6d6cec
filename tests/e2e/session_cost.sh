#!/usr/bin/env bash
# What a session took: told at the end of a turn, kept in its file, read back by `beacon session cost`.
. "$(dirname "$0")/lib.sh"

# Three dollars for a million tokens of input, 15 of output, 0.3 from the cache.
PRICES='[model_providers.mock.models."gpt-5.5"]
price_input = 3.0
price_output = 15.0
price_cache_read = 0.3'
USAGE='"usage":{"input_tokens":1000,"input_tokens_details":{"cached_tokens":400},"output_tokens":100,"output_tokens_details":{"reasoning_tokens":10},"total_tokens":1100}'
# A request: 600 * 3 + 400 * 0.3 + 100 * 15 = 3420 millionths of a dollar.

cost() {
    "$BEACON" session cost --json "$@" 2>>"$STDERR"
}

check 'the money of a turn is told where its tokens are, to people and to programs'
model "{\"text\":\"Hi.\",$USAGE}" "{\"text\":\"Hi.\",$USAGE}"
configure '' '' "$PRICES"
run exec --skip-git-repo-check 'hi'
expect_exit 0
expect_stdout 'Hi.'
expect_equal 'the end of stderr' "$(tail -n 4 "$STDERR")" 'tokens used
1,100
cost
$0.0034'
run_json resume --last 'again'
expect_equal 'the cost' "$(event '.type == "turn.completed"' '.cost | tojson')" '{"usd":0.00684,"turn_usd":0.00342}'
expect_equal 'the usage' "$(event '.type == "turn.completed"' '.usage | tojson')" \
    '{"input_tokens":2000,"cached_input_tokens":800,"cache_write_input_tokens":0,"output_tokens":200,"reasoning_output_tokens":20}'

check 'without a price nothing is said of money, and the report says that it is unknown'
model "{\"text\":\"Hi.\",$USAGE}"
run exec --skip-git-repo-check 'hi'
expect_not "$STDERR" 'cost'
run session cost
expect_exit 0
expect_has "$STDOUT" 'unknown'
expect_equal 'the money' "$(cost | jq -c '.total | [.usd, .partial]')" '[null,true]'

check 'a session is told by turn, by model and by tool'
model "$(command c1 "head -c 4000 /dev/zero | tr '\\0' x" | jq -c ". + {$USAGE}")" \
    "{\"text\":\"Done.\",$USAGE}" "{\"text\":\"Other.\",$USAGE}"
configure '' '' "$PRICES"
run_json 'go'
expect_exit 0
ID=$(thread_id)
run_json -m other resume "$ID" 'with another model'
expect_exit 0
expect_equal 'the whole' "$(cost "$ID" | jq -c '.total | [.requests, .input_tokens, .output_tokens, .usd, .partial]')" '[3,3000,300,0.00684,true]'
expect_equal 'turns' "$(cost "$ID" | jq -c '[.turns[] | [.requests, .usd]]')" '[[2,0.00684],[1,null]]'
expect_equal 'models' "$(cost "$ID" | jq -c '[.models[] | [.name, .requests]]')" '[["gpt-5.5",2],["other",1]]'
expect_equal 'the tool' "$(cost "$ID" | jq -c '.tools[] | [.name, .calls, (.output_bytes > 4000), (.context_tokens > 1000), (.usd > 0.003), .estimated]')" \
    '["exec_command",1,true,true,true,true]'
expect_equal 'the cache' "$(cost "$ID" | jq .cache_hit_rate)" '0.4'
run session cost --last
expect_exit 0
expect_has "$STDOUT" 'gpt-5.5'
expect_has "$STDOUT" 'cache   40.0 % of the input came from it'

check 'a prefix that breaks is named by its first block, in a warning and in the report'
expect_equal 'the warnings' "$(event '.item.type == "error"' .item.message)" ''
model "{\"text\":\"Hi.\",$USAGE}" "{\"text\":\"Hi.\",$USAGE}" "{\"text\":\"Hi.\",$USAGE}"
run_json 'one'
ID=$(thread_id)
run_json resume "$ID" 'two'
expect_equal 'warnings' "$(event '.item.type == "error"' .item.message)" ''
expect_equal 'the prefix' "$(cost "$ID" | jq -c .prefix)" '{"requests":2,"stability":1,"breaks":[]}'
run_json -m other resume "$ID" 'three'
expect_has "$STDOUT" 'differs from the one before at its model'
expect_equal 'the breaks' "$(cost "$ID" | jq -c '[.prefix.breaks[] | [.request, .block]]')" '[[3,"model"]]'
run session cost "$ID"
expect_has "$STDOUT" 'request 3 did not: model changed first'

check 'fifty requests keep every byte of the one before, and the report says so'
for i in $(seq 49); do
    turns[i]=$(command "c$i" "echo $i" | jq -c ". + {$USAGE}")
done
model "${turns[@]}" "{\"text\":\"Done.\",$USAGE}"
run_json 'go'
expect_exit 0
expect_requests 50
expect_equal 'the prefix' "$(cost | jq -c .prefix)" '{"requests":50,"stability":1,"breaks":[]}'
expect_equal 'requests that are not the beginning of the next' "$(jq -s '[.[].json] |
    [range(0; length - 1) as $i | {a: .[$i], b: .[$i + 1]} |
     select(.a.input != .b.input[:(.a.input | length)] or .a.tools != .b.tools or .a.instructions != .b.instructions)] | length' "$LOG")" 0

check 'what the provider does not count is estimated, and says so everywhere'
model '{"sse":[{"type":"response.created","response":{"id":"r1"}},{"type":"response.output_item.done","output_index":0,"item":{"type":"message","role":"assistant","id":"m1","content":[{"type":"output_text","text":"Hello."}]}},{"type":"response.completed","response":{"id":"r1"}}]}'
configure '' '' "$PRICES"
run exec --skip-git-repo-check 'hi'
expect_exit 0
expect_equal 'the marks' "$(grep -c '(estimated)' "$STDERR")" 2
expect_equal 'the report' "$(cost | jq -c '.total | [.estimated, (.input_tokens > 500), .cached_input_tokens, (.usd > 0.0015)]')" '[true,true,null,true]'
expect_equal 'the cache' "$(cost | jq .cache_hit_rate)" null
run session cost
expect_has "$STDOUT" '(estimated)'
expect_has "$STDOUT" 'cache   not told by the provider'

check 'an answer that broke off is paid for and counted'
model "{\"text\":\"Hello, hello, hello.\",$USAGE,\"drop_after_events\":4}" "{\"text\":\"Hi.\",$USAGE}"
configure '' 'stream_max_retries = 1' "$PRICES"
run_json 'hi'
expect_exit 0
expect_equal 'the report' "$(cost | jq -c '[.broken_answers, .total.requests, .total.estimated]')" '[1,2,true]'

check 'a session of another program has tokens and no money'
mkdir -p "$HOME_DIR/sessions/2026/01/02"
cat >"$HOME_DIR/sessions/2026/01/02/rollout-2026-01-02T03-04-05-019a0000-0000-7000-8000-000000000001.jsonl" <<'JSON'
{"timestamp":"2026-01-02T03:04:05.000Z","type":"session_meta","payload":{"id":"019a0000-0000-7000-8000-000000000001","timestamp":"2026-01-02T03:04:05.000Z","cwd":"/","originator":"x","cli_version":"0","source":"cli"}}
{"timestamp":"2026-01-02T03:04:05.000Z","type":"turn_context","payload":{"cwd":"/","model":"m","turn_id":"t1"}}
{"timestamp":"2026-01-02T03:04:05.000Z","type":"event_msg","payload":{"type":"token_count","info":null}}
{"timestamp":"2026-01-02T03:04:05.000Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":7,"output_tokens":2},"last_token_usage":{"input_tokens":7,"output_tokens":2}}}}
{"torn
JSON
expect_equal 'the report' "$(cost 019a0000 | jq -c '[.total.requests, .total.input_tokens, .total.usd, .models[0].name, .turns[0].name]')" '[1,7,null,"m","t1"]'

check 'a session that is not there, and a wrong command line, are told from a failure'
run session cost
expect_exit 1
run session cost nothing
expect_exit 1
expect_has "$STDERR" 'nothing'
run session cost --last abc
expect_exit 2
run session
expect_exit 2
expect_has "$STDERR" 'cost'
run session prize
expect_exit 2
run session cost --help
expect_exit 0
