/* SPDX-License-Identifier: Apache-2.0 */
#include "support/beacon_test.h"

#include <stdio.h>
#include <string.h>

#include "unit/sandbox/confined.h"

/* What a program needs that is not installed here is no failure of the sandbox: `need` is run in the
 * workspace, unconfined, and the row passed over when it fails. */
struct everyday {
    const char *need, *script;
};

static const struct everyday everyday[] = {
    {"git init -q . && git config user.name a && git config user.email a@b.invalid",
     "echo 1 > f && git add f && git commit -qm one && echo 2 > f && "
     "git status --short && git diff --stat && git commit -qam two && "
     "git stash list && git log --oneline"},
    {"gcc --version && make --version",
     "printf '#include <stdio.h>\\nint main(void){return puts(\"built\")<0;}\\n' > m.c && "
     "printf 'm: m.c\\n\\tgcc -o m m.c\\n' > Makefile && make && ./m && make -q"},
    {"cmake --version && ninja --version && gcc --version",
     "printf 'cmake_minimum_required(VERSION 3.18)\\nproject(p C)\\nenable_testing()\\n"
     "add_executable(m m.c)\\nadd_test(NAME t COMMAND m)\\n' > CMakeLists.txt && "
     "printf 'int main(void){return 0;}\\n' > m.c && "
     "cmake -G Ninja -B b . && cmake --build b && cd b && ctest"},
    {"python3 -c 'import asyncio'",
     "python3 -c 'import asyncio, subprocess, threading, tempfile\n"
     "async def f():\n"
     "    p = await asyncio.create_subprocess_exec(\"true\")\n"
     "    return await p.wait()\n"
     "assert asyncio.run(f()) == 0\n"
     "t = threading.Thread(target=lambda: None); t.start(); t.join()\n"
     "assert subprocess.run([\"echo\", \"x\"], capture_output=True).stdout == b\"x\\n\"'"},
    {"python3 -c 'import multiprocessing.synchronize'",
     "python3 -c 'import multiprocessing as m\nl = m.Lock()\nl.acquire()'"},
    {"node --version", "node -e 'const c=require(\"child_process\");"
                       "require(\"fs\").writeFileSync(\"n\",c.execSync(\"echo x\"));"
                       "setTimeout(()=>process.exit(0),1)'"},
    {"sqlite3 --version",
     "sqlite3 db 'pragma journal_mode=wal; create table t(a); insert into t values(1); "
     "select * from t;'"},
    {"sort --version", "seq 200000 | sort -R -S 1M -T . | sort -n -S 1M -T . | tail -1"},
    {"tar --version",
     "mkdir d && echo x > d/f && tar cf d.tar d && rm -r d && tar xf d.tar && cat d/f"},
    {"gdb --version", "gdb -batch -ex starti -ex 'info registers' -ex kill /bin/true"},
    {"strace --version", "strace -f -o trace sh -c 'echo x | cat' && grep -q execve trace"},
    {"java -version", "java -version"},
    {"xargs --version", "seq 20 | xargs -P 4 -n 1 echo | sort -n | tail -1"},
    {"bash --version", "bash -c 'set -m; sleep 0 & wait; cat <(echo x)'"},
    {"patch --version",
     "printf 'a\\n' > f && printf 'b\\n' > g; diff f g > p; patch f p && cmp f g"},
    {"find --version", "mkdir -p a/b && touch a/b/c && find . -name c -newermt 2001-01-01 -delete"},
    {"true",
     "cp /bin/true t && chmod 755 t && cp -p t u && install -m 700 t v && ./v && mktemp ./XXXXXX"},
    {"getent hosts localhost", "getent passwd root && id && date && hostname && ps >/dev/null"},
};

static void runs(void **state, const struct everyday *row)
{
    const char *const need[] = {
        "sh", "-c", "cd \"$1\" && eval \"$2\"", "sh", stage_of(state)->work, row->need, NULL};
    const char *out = "";
    struct sandbox_settings settings = stage_settings(state, SANDBOX_WORKSPACE_WRITE);
    settings.exclude_slash_tmp = false;
    if (run_program(need, NULL, NULL, NULL) != 0) {
        print_message("not here: %s\n", row->need);
        return;
    }
    int status = confined_run(state, &settings, row->script, &out);
    if (status != 0) {
        fail_msg("exit %d of: %s\n%s", status, row->script, out);
    }
}

static void everyday_programs_work(void **state)
{
    for (size_t i = 0; i < sizeof everyday / sizeof everyday[0]; i++) {
        runs(state, &everyday[i]);
        assert_int_equal(stage_teardown(state), 0);
        assert_int_equal(stage_setup(state), 0);
    }
}

static void everyday_programs_work_in_namespaces(void **state)
{
    if (!stage_has_backend(state, "namespaces")) {
        skip();
    }
    stage_use_backend("namespaces");
    everyday_programs_work(state);
}

static void everyday_programs_work_under_landlock(void **state)
{
    stage_use_backend("landlock");
    everyday_programs_work(state);
    stage_use_backend("auto");
}

static void reading_programs_work_in_read_only(void **state)
{
    const char *script = "ls -la / >/dev/null && grep -c . /etc/passwd >/dev/null && "
                         "find /etc -maxdepth 1 >/dev/null && head -c 100 /bin/sh | wc -c && "
                         "seq 9 | sort -rn | head -1 && sh -c 'echo $$ | cat' && id";
    const char *out = "";
    int status = run_read_only(state, script, &out);
    if (status != 0) {
        fail_msg("exit %d: %s", status, out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(everyday_programs_work_in_namespaces),
        on_stage(everyday_programs_work_under_landlock),
        on_stage(reading_programs_work_in_read_only),
    };
    return cmocka_run_group_tests_name("sandbox/everyday", tests, NULL, NULL);
}
