/* sdk_support.mjs - a scripted model, a workspace and an SDK client for one test.
 *
 * BEACON, MOCK_MODEL and ROOT come from sdk.sh. Everything a test makes lies in a folder of its own
 * below ROOT; its server ends with it.
 */
import { Codex } from "@openai/codex-sdk";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";

const { BEACON, MOCK_MODEL, ROOT } = process.env;

/* Start a server that gives these answers (see tests/support/mock_model.c), then the last again. */
function serve(test, folder, responses) {
    const scenario = path.join(folder, "scenario.json");
    const log = path.join(folder, "log");
    const port = path.join(folder, "port");
    fs.writeFileSync(scenario, JSON.stringify({ responses, repeat_last: true }));
    fs.writeFileSync(log, "");
    /* Its stderr is ours: a pipe would have to be read until the server ends. */
    const pid = execFileSync(MOCK_MODEL, ["--port-file", port, "--log", log, "--background", scenario],
        { stdio: ["ignore", "pipe", "inherit"] });
    test.after(() => process.kill(Number(pid)));
    return { log, port: fs.readFileSync(port, "utf8").trim() };
}

function write_config(home, url) {
    fs.writeFileSync(
        path.join(home, "config.toml"),
        `model = "gpt-5.5"
model_provider = "mock"
[model_providers.mock]
name = "Mock"
base_url = "${url}"
env_key = "MOCK_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
`);
}

/* What one test works with: `work` is the directory of the agent, `requests()` what the model was
 * asked so far, `client()` and `start()` the SDK pointed at beacon. */
export function bench(test, ...responses) {
    const folder = fs.mkdtempSync(path.join(ROOT, "sdk-"));
    const [home, work] = ["home", "work"].map((name) => {
        fs.mkdirSync(path.join(folder, name), { mode: 0o700 });
        return path.join(folder, name);
    });
    const { log, port } = serve(test, folder, responses);
    const url = `http://127.0.0.1:${port}/v1`;
    write_config(home, url);
    const env = { ...process.env, CODE_HOME: home };
    const client = (options = {}) => new Codex({ codexPathOverride: BEACON, env, ...options });
    const thread_options = { workingDirectory: work, skipGitRepoCheck: true };
    return {
        folder, home, work, port, url, env, client, thread_options,
        start: (options = {}) => client().startThread({ ...thread_options, ...options }),
        requests: () =>
            fs.readFileSync(log, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line)),
    };
}

export function shell(call_id, cmd) {
    return { calls: [{ name: "exec_command", arguments: { cmd }, call_id }] };
}

export function patch(call_id, ...lines) {
    const input = ["*** Begin Patch", ...lines, "*** End Patch", ""].join("\n");
    return { custom: [{ name: "apply_patch", input, call_id }] };
}

/* The texts of all messages of a role, in the order the model was given them. */
export function texts(request, role) {
    return request.json.input
        .filter((item) => item.type === "message" && item.role === role)
        .flatMap((item) => item.content.map((part) => part.text));
}

export function output_of(request, call_id) {
    return request.json.input.find((item) => item.call_id === call_id && item.type.endsWith("_output")).output;
}

export function make_pipe(file) {
    execFileSync("mkfifo", [file]);
}

/* A named pipe that a command of the model holds open for as long as it lives. `runs` is settled
 * when it has written to the pipe, `is_gone` when it and all its children have ended. */
export function life_line(test, file) {
    make_pipe(file);
    const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const pipe = new net.Socket({ fd, readable: true, writable: false });
    test.after(() => pipe.destroy());
    return {
        runs: new Promise((resolve) => pipe.once("data", resolve)),
        is_gone: new Promise((resolve) => pipe.once("close", resolve)),
    };
}
