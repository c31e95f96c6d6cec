#!/usr/bin/env bash
# A conversation that outgrows the model's window is replaced by a summary and a ledger.
. "$(dirname "$0")/lib.sh"

# A response that says, or runs, something and counts so many tokens.
says() { # WORDS TOKENS
    jq -cn --arg text "$1" --argjson n "$2" '{$text, usage: {input_tokens: $n, output_tokens: 1}}'
}
runs() { # SCRIPT TOKENS
    command c1 "$1" '{"login":false}' | jq -c --argjson n "$2" '. + {usage: {input_tokens: $n, output_tokens: 1}}'
}

check 'before the window is full, the conversation becomes a summary'
model "$(runs 'echo one' 950)" "$(says 'THE NOTE' 960)" "$(says 'Done.' 90)"
run_json -s workspace-write -c model_context_window=1000 'do the thing'
expect_exit 0
expect_equal 'the requests' "$(n_requests)" 3
expect_has <(request 2) 'hand-over note'
expect_has <(request 3) 'do the thing'
expect_has <(request 3) 'THE NOTE'
expect_has <(request 3) '- echo one (exit 0)'
expect_equal 'no call is left' "$(request 3 '[.input[] | select(.type == "function_call")] | length')" 0
expect_equal 'the item' "$(event '.item.type == "context_compaction"' '[.type, .item.reason, .item.tokens_before > 900] | tojson')" \
    '["item.completed","limit",true]'

check 'a person is told'
model "$(runs 'echo one' 950)" "$(says 'THE NOTE' 960)" "$(says 'Done.' 90)"
run exec --skip-git-repo-check -s workspace-write -c model_auto_compact_token_limit=900 'do the thing'
expect_exit 0
expect_stdout 'Done.'
expect_has "$STDERR" 'compacted of about '

check '/compact makes room, and the session goes on with what it left'
model "$(says 'Hello.' 9)" "$(says 'NOTE OF THE BIRD' 9)" "$(says 'Heron.' 9)"
run exec --skip-git-repo-check 'remember the word heron'
expect_exit 0
run exec --skip-git-repo-check resume --last '/compact'
expect_exit 0
run exec --skip-git-repo-check resume --last 'which word?'
expect_exit 0
expect_stdout 'Heron.'
expect_has <(request 3) 'remember the word heron'
expect_has <(request 3) 'NOTE OF THE BIRD'
expect_equal 'what the model said is gone' "$(request 3 | grep -c 'Hello\.')" 0
expect_equal 'the question is asked with the same beginning' \
    "$(request 2 '.input[:2] | tojson')" "$(request 1 '.input[:2] | tojson')"

check 'the words of the question can be chosen'
model "$(runs 'echo one' 950)" "$(says 'THE NOTE' 960)" "$(says 'Done.' 90)"
echo 'Sum up in Latin.' >question.md
run exec --skip-git-repo-check -s workspace-write -c model_context_window=1000 -c compact_prompt_file=question.md 'do it'
expect_exit 0
expect_has <(request 2) 'Sum up in Latin.'

check 'an empty file of words is one sentence'
model "$(says 'Hello.' 9)"
: >empty.md
run exec --skip-git-repo-check -c compact_prompt_file=empty.md 'do it'
expect_exit 1
expect_has "$STDERR" "compact_prompt_file $WORK/empty.md is empty"
expect_has "$STDERR" 'write the prompt into it, or remove the key'

check 'a new session has nothing to compact'
model "$(says 'Hello.' 9)"
run exec --skip-git-repo-check '/compact'
expect_exit 1
expect_has "$STDERR" 'there is nothing to compact'
expect_has "$STDERR" 'say something first'

check 'a prompt that is too long by itself ends the turn with one sentence'
model_always '{"status":400,"body":{"error":{"message":"too long","code":"context_length_exceeded"}}}'
run exec --skip-git-repo-check 'do it'
expect_exit 1
expect_has "$STDERR" 'too long'
expect_has "$STDERR" 'shorten the prompt, or choose a model'
expect_equal 'the requests' "$(n_requests)" 1
