/* sdk.test.mjs - Codex's TypeScript SDK from npm, unchanged, drives beacon in place of Codex.
 *
 * Run by tests/e2e/sdk.sh. Names of tests are sentences that must stay true.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { bench, life_line, make_pipe, output_of, patch, shell, texts } from "./sdk_support.mjs";

const is_within = { timeout: 60_000 };
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const once = { cached_input_tokens: 20, cache_write_input_tokens: 0, reasoning_output_tokens: 10 };

test("run() returns the last message, the items and the usage", is_within, async (t) => {
    const b = bench(t, shell("c1", "echo hi; exit 3"), { text: "All done." });
    const thread = b.start();
    const turn = await thread.run("do it");
    assert.equal(turn.finalResponse, "All done.");
    assert.deepEqual(turn.items.map((item) => item.type), ["command_execution", "agent_message"]);
    assert.deepEqual(turn.items[0], {
        id: "item_0", type: "command_execution", command: "/bin/bash -lc 'echo hi; exit 3'",
        aggregated_output: "hi\n", exit_code: 3, status: "failed",
    });
    assert.deepEqual(turn.usage, {
        input_tokens: 200, cached_input_tokens: 40, cache_write_input_tokens: 0,
        output_tokens: 60, reasoning_output_tokens: 20,
    });
    assert.match(thread.id, uuid);
});

test("runStreamed() gives the events of commands and file changes in order", is_within, async (t) => {
    const b = bench(t, { reasoning: { summary: "Thinking." }, ...shell("c1", "echo one") },
        patch("c2", "*** Add File: new.txt", "+two"), { text: "Written." });
    const { events } = await b.start({ sandboxMode: "workspace-write" }).runStreamed("write it");
    const seen = [];
    for await (const event of events) {
        seen.push(event);
    }
    assert.deepEqual(
        seen.map((event) => [event.type, event.item?.type, event.item?.status].filter(Boolean).join(" ")),
        ["thread.started", "turn.started", "item.completed reasoning",
            "item.started command_execution in_progress", "item.completed command_execution completed",
            "item.started file_change in_progress", "item.completed file_change completed",
            "item.completed agent_message", "turn.completed"]);
    const changes = [{ path: path.join(b.work, "new.txt"), kind: "add" }];
    assert.deepEqual(seen.filter((event) => event.item?.type === "file_change").map((event) => event.item.changes),
        [changes, changes]);
    assert.equal(fs.readFileSync(path.join(b.work, "new.txt"), "utf8"), "two\n");
});

test("events arrive while the turn is still running", is_within, async (t) => {
    const b = bench(t, shell("c1", "read line <go; echo $line"), { text: "Read." });
    const go = path.join(b.work, "go");
    make_pipe(go);
    const pipe = fs.openSync(go, "r+"); /* with both ends, so neither opening nor writing waits */
    const { events } = await b.start().runStreamed("wait for me");
    for await (const event of events) {
        if (event.type === "item.started") {
            fs.writeSync(pipe, "now\n"); /* the command ends only after its start was seen */
        } else if (event.item?.type === "command_execution") {
            assert.equal(event.item.aggregated_output, "now\n");
        }
    }
    fs.closeSync(pipe);
    assert.match(output_of(b.requests()[1], "c1"), /now/);
});

test("a second run() of a thread goes on with it", is_within, async (t) => {
    const b = bench(t, { text: "First." }, { text: "Second." });
    const thread = b.start();
    await thread.run("one");
    const id = thread.id;
    const turn = await thread.run("two");
    assert.equal(thread.id, id);
    assert.equal(turn.finalResponse, "Second.");
    assert.deepEqual(turn.usage, { ...once, cached_input_tokens: 40, reasoning_output_tokens: 20,
        input_tokens: 200, output_tokens: 60 });
});

test("resumeThread() keeps the id, the history and the cache key", is_within, async (t) => {
    const b = bench(t, shell("c1", "echo remembered"), { text: "First." }, { text: "Second." });
    const first = b.start();
    await first.run("one");
    const second = b.client().resumeThread(first.id, b.thread_options);
    const turn = await second.run("two");
    assert.equal(second.id, first.id);
    assert.equal(turn.finalResponse, "Second.");
    assert.equal(turn.usage.input_tokens, 300);
    const [, before, after] = b.requests();
    assert.deepEqual(after.json.input.slice(0, before.json.input.length), before.json.input);
    assert.deepEqual(texts(after, "assistant"), ["First."]);
    assert.equal(texts(after, "user").at(-1), "two");
    assert.match(output_of(after, "c1"), /remembered/);
    assert.equal(after.json.prompt_cache_key, before.json.prompt_cache_key);
});

test("resuming an unknown thread throws and asks no model", is_within, async (t) => {
    const b = bench(t, { text: "never" });
    const thread = b.client().resumeThread("01a20906-ef86-7986-8ec8-a38667f96460", b.thread_options);
    await assert.rejects(thread.run("hello"),
        /exited with code 1: .*no rollout found for thread id 01a20906-ef86-7986-8ec8-a38667f96460/s);
    assert.equal(b.requests().length, 0);
});

test("an output schema reaches the model", is_within, async (t) => {
    const b = bench(t, { text: '{"answer":42}' });
    const schema = { type: "object", properties: { answer: { type: "integer" } },
        required: ["answer"], additionalProperties: false };
    const turn = await b.start().run("what is it?", { outputSchema: schema });
    assert.deepEqual(JSON.parse(turn.finalResponse), { answer: 42 });
    const { format } = b.requests()[0].json.text;
    assert.deepEqual({ type: format.type, strict: format.strict, schema: format.schema },
        { type: "json_schema", strict: true, schema });
});

test("texts and local images reach the model, also of a resumed thread", is_within, async (t) => {
    const b = bench(t, { text: "Seen." });
    const picture = path.join(b.folder, "dot.png");
    fs.writeFileSync(picture, Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk" +
        "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64"));
    const thread = b.start();
    for (const text of ["first", "second"]) {
        await thread.run([{ type: "text", text }, { type: "local_image", path: picture },
            { type: "text", text: "end" }]);
    }
    const parts = b.requests()[1].json.input.flatMap((item) => item.content ?? []);
    const images = parts.filter((part) => part.type === "input_image");
    const url = `data:image/png;base64,${fs.readFileSync(picture, "base64")}`;
    assert.deepEqual(images.map((part) => part.image_url), [url, url]);
    assert.equal(parts.some((part) => part.text === "first\n\nend"), true);
    assert.equal(parts.at(-1).text, "second\n\nend");
});

test("an abort ends the command and leaves a thread that resumes", is_within, async (t) => {
    const b = bench(t, shell("c1", "exec 9>alive; echo up >&9; sleep 1000"), { text: "Went on." });
    const alive = life_line(t, path.join(b.work, "alive"));
    const abort = new AbortController();
    const thread = b.start({ sandboxMode: "workspace-write" });
    const turn = thread.run("take long", { signal: abort.signal });
    await alive.runs;
    abort.abort();
    await assert.rejects(turn, { name: "AbortError" });
    await alive.is_gone;
    assert.equal((await thread.run("go on")).finalResponse, "Went on.");
    assert.deepEqual(texts(b.requests()[1], "user").slice(-1), ["go on"]);
});

test("an abort ends a turn whose model says nothing", is_within, async (t) => {
    const b = bench(t, { hang: true });
    const abort = new AbortController();
    const { events } = await b.start().runStreamed("hello", { signal: abort.signal });
    await assert.rejects(async () => {
        for await (const event of events) {
            if (event.type === "turn.started") {
                abort.abort();
            }
        }
    }, { name: "AbortError" });
});

test("a client that stops reading ends the turn", is_within, async (t) => {
    const b = bench(t, shell("c1", "exec 9>alive; echo up >&9; sleep 1000"));
    const alive = life_line(t, path.join(b.work, "alive"));
    const { events } = await b.start({ sandboxMode: "workspace-write" }).runStreamed("take long");
    for await (const event of events) {
        if (event.type === "item.started") {
            await alive.runs;
            break;
        }
    }
    await alive.is_gone;
    assert.equal(b.requests().length, 1);
});

test("a failed turn throws the message of the model's server", is_within, async (t) => {
    const b = bench(t, { status: 401, body: { error: { message: "bad key" } } });
    await assert.rejects(b.start().run("hello"),
        { message: `unexpected status 401 Unauthorized: bad key, url: ${b.url}/responses` });
});

test("what goes wrong before the turn is thrown with its sentence", is_within, async (t) => {
    const b = bench(t, { text: "never" });
    await assert.rejects(b.start({ skipGitRepoCheck: false }).run("hello"),
        /exited with code 1: .*Not inside a trusted directory and --skip-git-repo-check was not specified\./s);
    assert.equal(b.requests().length, 0);
});

test("sandboxMode and additionalDirectories decide where commands may write", is_within, async (t) => {
    const call = shell("c1", "echo 1 >>here; echo 2 >>../more/there; echo 3 >>../other/file");
    const b = bench(t, call, { text: "Tried." }, call, { text: "Tried." });
    const place = (name) => path.join(b.folder, name);
    fs.mkdirSync(place("more"));
    fs.mkdirSync(place("other"));
    const names = ["work/here", "more/there", "other/file"];
    const written = () => names.filter((name) => fs.existsSync(place(name)));
    /* Temporary directories are writable for commands, and ROOT lies in one: leave them out. */
    const client = b.client({ config: { sandbox_workspace_write: {
        exclude_slash_tmp: true, exclude_tmpdir_env_var: true } } });
    const run = (options) => client.startThread({ ...b.thread_options, ...options }).run("write");
    await run({ sandboxMode: "read-only" });
    assert.deepEqual(written(), []);
    await run({ sandboxMode: "workspace-write", additionalDirectories: [place("more")] });
    assert.deepEqual(written(), ["work/here", "more/there"]);
});

test("networkAccessEnabled decides whether commands reach the network", is_within, async (t) => {
    const { port } = bench(t, { text: "never" });
    const call = shell("c1", `echo >/dev/tcp/127.0.0.1/${port}`);
    const b = bench(t, call, { text: "Tried." }, call, { text: "Tried." });
    const run = (networkAccessEnabled) =>
        b.start({ sandboxMode: "workspace-write", networkAccessEnabled }).run("connect");
    assert.equal((await run(true)).items[0].exit_code, 0);
    assert.equal((await run(false)).items[0].exit_code, 1);
});

test("model, effort and every other option of a thread are accepted", is_within, async (t) => {
    const b = bench(t, { text: "Fine." });
    const turn = await b.start({
        model: "gpt-5.1-codex", modelReasoningEffort: "high", approvalPolicy: "never", threadSource: "user",
        webSearchMode: "disabled", webSearchEnabled: false, networkAccessEnabled: false,
        additionalDirectories: [b.folder],
    }).run("hello", { cyberAccessProgram: "none" });
    assert.equal(turn.finalResponse, "Fine.");
    assert.deepEqual(turn.items.map((item) => item.type), ["agent_message"]);
    const { model, reasoning } = b.requests()[0].json;
    assert.equal(model, "gpt-5.1-codex");
    assert.equal(reasoning.effort, "high");
});

test("config and configOverrides are applied as TOML", is_within, async (t) => {
    const b = bench(t, { text: "Fine." });
    const client = b.client({
        config: { model_reasoning_effort: "low",
            model_providers: { mock: { http_headers: { "X-Team": 'a "quoted" name' } } } },
        configOverrides: ['model="gpt-5.1"'],
    });
    await client.startThread(b.thread_options).run("hello");
    const [request] = b.requests();
    assert.equal(request.json.reasoning.effort, "low");
    assert.equal(request.json.model, "gpt-5.1");
    assert.equal(request.headers["x-team"], 'a "quoted" name');
});

test("baseUrl and apiKey lead to the built-in provider, under the SDK's name", is_within, async (t) => {
    const b = bench(t, { text: "Fine." });
    fs.rmSync(path.join(b.home, "config.toml"));
    const client = b.client({ baseUrl: b.url, apiKey: "sk-sdk" });
    assert.equal((await client.startThread(b.thread_options).run("hello")).finalResponse, "Fine.");
    const [{ path: asked, headers }] = b.requests();
    assert.equal(asked, "/v1/responses");
    assert.equal(headers.authorization, "Bearer sk-sdk");
    assert.equal(headers.originator, "codex_sdk_ts");
});

test("the option env replaces the environment", is_within, async (t) => {
    const b = bench(t, shell("c1", "echo \"<$SDK_GIVEN><$SDK_INHERITED>\""), { text: "Seen." });
    process.env.SDK_INHERITED = "inherited";
    const env = { PATH: process.env.PATH, HOME: b.home, CODE_HOME: b.home, MOCK_KEY: "k", SDK_GIVEN: "given" };
    const turn = await b.client({ env }).startThread(b.thread_options).run("look");
    assert.equal(turn.items[0].aggregated_output, "<given><>\n");
});

test("64 KiB of prompt and a megabyte of output pass unharmed", is_within, async (t) => {
    const b = bench(t, shell("c1", "head -c 1048576 /dev/zero | tr '\\0' x"), { text: "Long." });
    const prompt = "p".repeat(65536);
    const turn = await b.start().run(prompt);
    assert.equal(turn.items[0].aggregated_output.length, 1048576);
    assert.equal(texts(b.requests()[0], "user").at(-1), prompt);
});
