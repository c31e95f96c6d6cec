#!/usr/bin/env bash
# Where the prompt of `beacon exec` comes from, and the pictures that go with it.
. "$(dirname "$0")/lib.sh"

# The text of the prompt in the newest request.
prompt_text() {
    tail -n 1 "$LOG" | jq -r '.json.input[-1].content[-1].text'
}

# The kinds and texts of all its parts.
prompt_parts() {
    tail -n 1 "$LOG" | jq -r '.json.input[-1].content[] | .text // .image_url'
}

PIXEL='iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
make_picture() {
    echo "$PIXEL" | base64 -d >"$1"
}

check 'the argument is the prompt'
model '{"text":"ok"}'
run exec --skip-git-repo-check 'what is "this"? ☃'
expect_exit 0
expect_equal 'the prompt' "$(prompt_text)" 'what is "this"? ☃'

check 'words behind -- are the prompt, whatever they begin with'
model '{"text":"ok"}'
run exec --skip-git-repo-check -- --help
expect_exit 0
expect_equal 'the prompt' "$(prompt_text)" '--help'

check 'what is piped in goes with the argument'
model '{"text":"ok"}'
printf 'line one\nline two\n' | run exec --skip-git-repo-check 'sum it up'
expect_exit 0
expect_line "$STDERR" 'Reading additional input from stdin...'
expect_equal 'the prompt' "$(prompt_text)" 'sum it up

<stdin>
line one
line two
</stdin>'

check 'an empty stdin adds nothing'
model '{"text":"ok"}'
run exec --skip-git-repo-check 'just this'
expect_equal 'the prompt' "$(prompt_text)" 'just this'

check 'without an argument stdin is the prompt'
model '{"text":"ok"}'
echo 'from the pipe' | run exec --skip-git-repo-check
expect_exit 0
expect_line "$STDERR" 'Reading prompt from stdin...'
expect_equal 'the prompt' "$(prompt_text)" 'from the pipe'

check 'a dash is stdin'
model '{"text":"ok"}'
printf 'dashed' | run exec --skip-git-repo-check -
expect_exit 0
expect_not "$STDERR" 'Reading prompt'
expect_equal 'the prompt' "$(prompt_text)" 'dashed'

check 'an empty stdin is no prompt'
model '{"text":"never asked"}'
run exec --skip-git-repo-check
expect_exit 1
expect_stdout ''
expect_stderr 'Reading prompt from stdin...
No prompt provided via stdin.'
printf ' \n\n' | run exec --skip-git-repo-check -
expect_exit 1
expect_stderr 'No prompt provided via stdin.'
expect_requests 0

check 'bytes that are no text do not hurt'
model '{"text":"ok"}'
printf 'caf\351 \377 end' | run exec --skip-git-repo-check -
expect_exit 0
expect_equal 'the prompt' "$(prompt_text)" 'caf� � end'

check 'a large prompt is sent whole'
model '{"text":"ok"}'
seq 1 200000 >"$CASE/large"
run exec --skip-git-repo-check - <"$CASE/large"
expect_exit 0
expect_equal 'its checksum' "$(prompt_text | head -c -1 | cksum)" "$(cksum <"$CASE/large")"

check 'a picture stands before the prompt, between its name'
model '{"text":"ok"}'
make_picture a.png
run exec --skip-git-repo-check -i a.png -- 'look'
expect_exit 0
expect_equal 'the parts' "$(prompt_parts)" "<image name=[Image #1] path=\"a.png\">
data:image/png;base64,$PIXEL
</image>
look"

check 'several pictures: repeated, after one another, with commas'
model_always '{"text":"ok"}'
make_picture a.png && make_picture b.png && make_picture 'c,d.png'
names='<image name=[Image #1] path="a.png">
<image name=[Image #2] path="b.png">'
run exec --skip-git-repo-check -i a.png -i b.png 'look'
expect_equal 'repeated' "$(prompt_parts | grep '<image')" "$names"
run exec --skip-git-repo-check --image a.png b.png -- 'look'
expect_equal 'after one another' "$(prompt_parts | grep '<image')" "$names"
run exec --skip-git-repo-check --image=a.png,b.png 'look'
expect_equal 'with commas' "$(prompt_parts | grep '<image')" "$names"
run exec --skip-git-repo-check -i 'c,d.png' 'look'
expect_equal 'a comma in the name' "$(prompt_parts | grep '<image')" '<image name=[Image #1] path="c,d.png">'

check 'a picture with a prompt from stdin'
model '{"text":"ok"}'
make_picture a.png
printf 'piped' | run exec --skip-git-repo-check --image a.png
expect_exit 0
expect_equal 'the prompt' "$(prompt_text)" 'piped'
expect_equal 'the number of parts' "$(prompt_parts | wc -l)" 4

check 'a picture that is missing, a folder or no picture stops the run'
model '{"text":"never asked"}'
echo 'no picture' >text.png
run exec --skip-git-repo-check -i missing.png 'look'
expect_exit 1
expect_has "$STDERR" 'unable to locate image at `missing.png`: No such file or directory (os error 2)'
run exec --skip-git-repo-check -i "$WORK" 'look'
expect_exit 1
expect_has "$STDERR" 'is not a file'
run exec --skip-git-repo-check -i text.png 'look'
expect_exit 1
expect_has "$STDERR" 'text.png'
expect_requests 0

check 'AGENTS.md of the repository goes before the prompt, from the root down'
model '{"text":"ok"}'
git init -q .
mkdir -p sub/deeper
echo 'Rule of the root.' >AGENTS.md
echo 'Rule of sub.' >sub/AGENTS.md
echo 'Rule of the person.' >"$HOME_DIR/AGENTS.md"
run_json -C sub/deeper 'look'
expect_exit 0
expect_equal 'the rules' "$(request 1 '.input[1].content[-1].text' | grep '^Rule')" 'Rule of the person.
Rule of the root.
Rule of sub.'
expect_equal 'the prompt' "$(prompt_text)" look

check 'the first request is small'
model '{"text":"ok"}'
run_json 'look'
expect_exit 0
size=$(jq -r '.body | utf8bytelength' "$LOG")
[ "$size" -le 6144 ] || fail "it has $size bytes"
