# SPDX-License-Identifier: Apache-2.0
"""The person in front of the real program: configures a provider, runs `beacon exec`, and reads what it says."""
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import tempfile

KEY = "sk-lab-secret"
STRANGE = ("CODE_", "CODEX_", "BEACON_", "OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_", "AZURE_", "SSL_CERT_", "CURL_",
           "GIT_", "TMPDIR")
CONFIG = """\
model = "{model}"
model_provider = "lab"
model_reasoning_effort = "medium"
model_reasoning_summary = "auto"
[model_providers.lab]
name = "Lab"
base_url = "{base_url}"
env_key = "LAB_KEY"
wire_api = "{wire}"
request_max_retries = {request_max_retries}
stream_max_retries = {stream_max_retries}
{more}
"""


@dataclasses.dataclass
class Outcome:
    status: int
    stdout: str
    stderr: str

    def events(self):
        return [json.loads(line) for line in self.stdout.split("\n") if line]  # U+2028 ends no line

    def notices(self):
        return [event["message"] for event in self.events()
                if event["type"] == "error" and event["message"].startswith("Reconnecting... ")]


def _environment(folder, more):
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(STRANGE) and not name.lower().endswith("_proxy")}
    reports = f"log_path={folder}/sanitizer"
    return {**kept, "HOME": str(folder / "user"), "CODE_HOME": str(folder / "home"), "LAB_KEY": KEY, "TERM": "dumb",
            "LC_ALL": "C.UTF-8", "SHELL": "/bin/bash", "ASAN_OPTIONS": f"detect_leaks=1:{reports}",
            "UBSAN_OPTIONS": f"print_stacktrace=1:{reports}", "TSAN_OPTIONS": f"halt_on_error=1:{reports}", **more}


class Person:
    """One folder of work with a CODE_HOME of its own."""

    def __init__(self, build, folder):
        self.beacon = pathlib.Path(build).resolve() / "bin" / "beacon"
        self.folder = pathlib.Path(folder)
        self.work = self.folder / "work"
        for name in ("work", "home", "user"):
            (self.folder / name).mkdir(parents=True, mode=0o700)

    def configure(self, wire, base_url, request_max_retries=0, stream_max_retries=0, more=""):
        config = CONFIG.format(wire=wire.NAME, model=wire.MODEL, base_url=base_url, more=wire.CONFIG + more,
                               request_max_retries=request_max_retries, stream_max_retries=stream_max_retries)
        (self.folder / "home" / "config.toml").write_text(config, encoding="utf-8")

    def run(self, *arguments, environment=None):
        """To the end. A program that hangs is what the 100 s are for; nothing here is as slow."""
        command = [str(self.beacon), "exec", "--skip-git-repo-check", "-s", "workspace-write", *arguments]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(command, cwd=self.work, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                       env=_environment(self.folder, environment or {}))
            try:
                status = process.wait(100)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                status = "it hangs"
            out.seek(0)
            err.seek(0)
            return Outcome(status, out.read().decode("utf-8"), err.read().decode("utf-8", "replace"))

    def sanitizer_reports(self):
        return [path.read_text(errors="replace")[:3000] for path in sorted(self.folder.glob("sanitizer.*"))]


def normalised(events, work):
    """The events without what differs from run to run and is no matter of the wire: session ids, the folder,
    and which of two commands that run at once ends first."""
    lines, ended = [], []
    for event in events:
        event = json.loads(json.dumps(event).replace(str(work), "WORK"))
        if "thread_id" in event:
            event["thread_id"] = "THREAD"
        if event["type"] == "item.completed" and event["item"]["type"] == "command_execution":
            ended.append(event)
            continue
        lines += sorted(ended, key=lambda each: int(each["item"]["id"].split("_")[1])) + [event]
        ended = []
    return lines + ended


def normalised_result(text, work):
    """What the model is told about a call, without times and ids."""
    text = re.sub(r"Wall time: [0-9.]+ seconds", "Wall time: N seconds", text.replace(str(work), "WORK"))
    return re.sub(r"Chunk ID: \w+", "Chunk ID: ID", text)
