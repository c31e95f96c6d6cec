#!/usr/bin/env bash
# beacon config explain: where a value comes from, who else named the key, and what follows from it.
. "$(dirname "$0")/lib.sh"

explain() {
    run config explain "$@"
    expect_exit 0
}

# The layers of --json, the highest first, * for those that count.
layers() {
    jq -r '[.layers[] | (if .is_effective then "*" else "" end) + .layer] | join(" ")' "$STDOUT"
}

check 'a key nobody sets has its default'
explain sandbox_mode
expect_line "$STDOUT" 'sandbox_mode = "read-only"'
expect_line "$STDOUT" '  from:     default'
explain tool_output_token_limit --json
expect_equal 'the value' "$(jq -c '[.value, .layer, .default]' "$STDOUT")" '[2560,"default",2560]'

check 'every layer is told with its file and line, and why it lost'
cat >"$HOME_DIR/config.toml" <<'TOML'
model = "of-user"
profile = "fast"
[profiles.fast]
model = "of-profile"
TOML
explain model -c 'model="of-option"'
expect_line "$STDOUT" 'model = "of-option"'
expect_line "$STDOUT" '* -c: "of-option"'
expect_line "$STDOUT" "  profile $HOME_DIR/config.toml:4, profile fast: \"of-profile\""
expect_line "$STDOUT" "  user $HOME_DIR/config.toml:1: \"of-user\""
expect_has "$STDOUT" 'does not count: -c goes above it'
explain model --json
expect_equal 'the layers' "$(layers)" '*profile user'
expect_equal 'the place' "$(jq -c '[.file, .line]' "$STDOUT")" "[\"$HOME_DIR/config.toml\",4]"
explain model --profile fast --json
expect_equal 'the layers' "$(layers)" '*profile user'
run config explain model --profile none
expect_exit 1

check 'what a project says counts only when it is trusted, and that is told'
git init -q .
mkdir .code
printf 'model = "of-project"\nsandbox_mode = "danger-full-access"\n' >.code/config.toml
explain model --json
expect_equal 'the layers' "$(layers)" project
expect_equal 'the reason' "$(jq -r '.layers[0].lost' "$STDOUT")" 'the project is not trusted'
expect_equal 'the value' "$(jq -r .value "$STDOUT")" 'gpt-5.1-codex'
printf '[projects."%s"]\ntrust_level = "trusted"\n' "$WORK" >"$HOME_DIR/config.toml"
explain model --json
expect_equal 'the layers' "$(layers)" '*project'
explain sandbox_mode
expect_line "$STDOUT" 'sandbox_mode = "danger-full-access"'
expect_has "$STDOUT" "$WORK/.code/config.toml:2"

check 'an untrusted project that tightens is told once, as the layer it is'
git init -q .
mkdir .code
echo 'sandbox_mode = "read-only"' >.code/config.toml
echo 'sandbox_mode = "workspace-write"' >"$HOME_DIR/config.toml"
explain sandbox_mode --json
expect_equal 'the layers' "$(layers)" '*project user'

check 'credentials are not shown'
cat >"$HOME_DIR/config.toml" <<'TOML'
[model_providers.mine]
base_url = "http://127.0.0.1:1/v1"
experimental_bearer_token = "sk-SECRET-one"
http_headers = { Authorization = "Bearer SECRET-two" }
query_params = { key = "SECRET-three" }
env_key = "MY_KEY"
TOML
for key in model_providers model_providers.mine model_providers.mine.experimental_bearer_token \
    model_providers.mine.http_headers model_providers.mine.http_headers.Authorization \
    'model_providers."mine".experimental_bearer_token'; do
    for form in '' --json; do
        explain "$key" $form
        if grep -q SECRET "$STDOUT" "$STDERR"; then
            fail "the explanation of $key shows a secret" "$STDOUT"
        fi
    done
done
explain model_providers.mine
expect_has "$STDOUT" MY_KEY

check 'a key that chooses a plugin tells which one, from where'
model '{"text":"ok"}'
explain model_provider
expect_has "$STDOUT" 'responses: com.beacon.provider-responses'
expect_has "$STDOUT" 'beacon plugin why com.beacon.provider-responses'
explain sandbox_backend --json
expect_equal 'the plugin' "$(jq -r '.plugins[0].id' "$STDOUT")" com.beacon.sandbox-landlock
explain sandbox_backend -c 'sandbox_backend="none"'
expect_has "$STDOUT" 'refused: '
explain sandbox_backend -c 'sandbox_backend="magic"' --json
expect_equal 'the code' "$(jq -r '.plugins[0].code' "$STDOUT")" refused
explain auth --json
expect_equal 'the keys' "$(jq -r 'has("plugins") and has("policy")' "$STDOUT")" true
explain model --json
expect_equal 'the keys' "$(jq -r 'has("plugins")' "$STDOUT")" false

check 'another spelling of a key is explained as the proper one'
echo 'model_instructions_file = "x.md"' >"$HOME_DIR/config.toml"
explain model_instructions_file
expect_has "$STDOUT" 'experimental_instructions_file = "x.md"'
explain openai_base_url
OPENAI_BASE_URL=http://x run config explain openai_base_url
expect_has "$STDOUT" '* environment variable OPENAI_BASE_URL: "http://x"'

check 'a key that does not exist gets the nearest one'
run config explain modell
expect_exit 1
expect_stderr 'error: there is no configuration key `modell`; did you mean `model`?'
run config explain model_providers.mine.base_ulr
expect_exit 1
expect_has "$STDERR" 'model_providers.*.base_url'
for key in '' . .. a.b.c '"' 'model.x' $'a\nb'; do
    run config explain "$key"
    expect_exit 1
done

check 'a broken configuration is shown where it is broken'
printf 'model = "x\n' >"$HOME_DIR/config.toml"
run config explain model
expect_exit 1
expect_has "$STDERR" "$HOME_DIR/config.toml:1"

check 'wrong usage'
run config
expect_exit 2
run config explain
expect_exit 2
run config explain a b
expect_exit 2
run config nosuch
expect_exit 2
run config explain --help
expect_exit 0
