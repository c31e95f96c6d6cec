/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/spawn_parts.h"
#include "base/spawn_streams.h"

#define NO_SPACE_HINT                                                                              \
    "user namespaces may be switched off here (user.max_user_namespaces, AppArmor, a container); " \
    "choose another sandbox backend"

static int explain_space(const struct spawn_failure *failure, const char *program,
                         struct beacon_error *err)
{
    const char *what = failure->index == SPAWN_STEP_KEEPER   ? "start the keeper of"
                       : failure->index == SPAWN_STEP_REAPER ? "start the reaper for"
                       : failure->index == SPAWN_STEP_LOCK   ? "lock the namespaces of"
                                                             : "make the namespaces of";
    return error_set_errno(err, BEACON_E_REFUSED, failure->os_errno, NO_SPACE_HINT,
                           "cannot %s %s: %s", what, program, strerror(failure->os_errno));
}

static int explain_streams(const struct spawn_birth *birth, struct beacon_error *err)
{
    const struct spawn_streams *streams = birth->nest->streams;
    const bool is_input = streams->refused == STDIN_FILENO;
    return error_set_errno(err, BEACON_E_REFUSED, birth->failure.os_errno,
                           is_input ? "send it through a pipe: cat FILE | …"
                                    : "send the output through a pipe: … | cat",
                           "cannot open the %s %s of %s in its namespaces: %s",
                           is_input ? "input" : "output", streams->list[streams->refused].path,
                           birth->request->argv[0], strerror(birth->failure.os_errno));
}

static int explain_setup(const struct spawn_birth *birth, struct beacon_error *err)
{
    const struct spawn_request *request = birth->request;
    const struct spawn_failure *failure = &birth->failure;
    int os_errno = failure->os_errno;
    const char *why = strerror(os_errno);
    switch ((enum spawn_step)failure->index) {
    case SPAWN_STEP_CWD:
        return error_set_errno(err, os_errno == EACCES ? BEACON_E_REFUSED : BEACON_E_NOT_FOUND,
                               os_errno, "name a directory that exists and that you may enter",
                               "cannot enter the working directory %s: %s", request->cwd, why);
    case SPAWN_STEP_DESCRIPTORS:
        return error_set_errno(err, BEACON_E_LIMIT, os_errno, "raise the limit of 'ulimit -n'",
                               "cannot place the descriptors of %s: %s", request->argv[0], why);
    case SPAWN_STEP_TERMINAL:
        return error_set_errno(err, BEACON_E_IO, os_errno, "run the command without a terminal",
                               "cannot give %s a terminal: %s", request->argv[0], why);
    case SPAWN_STEP_STREAMS:
        return explain_streams(birth, err);
    case SPAWN_STEP_SPACE:
    case SPAWN_STEP_LOCK:
    case SPAWN_STEP_KEEPER:
    case SPAWN_STEP_REAPER:
        return explain_space(failure, request->argv[0], err);
    case SPAWN_STEP_SESSION:
    case SPAWN_STEP_PARENT:
    case SPAWN_STEP_SIGNALS:
        break;
    }
    return error_set_errno(err, BEACON_E_INTERNAL, os_errno, "report this as a bug",
                           "cannot set up a process for %s: %s", request->argv[0], why);
}

static int explain_exec(const char *program, int os_errno, struct beacon_error *err)
{
    switch (os_errno) {
    case ENOENT:
    case ENOTDIR:
        return error_set_errno(err, BEACON_E_NOT_FOUND, os_errno,
                               "install the program, or give its full path",
                               "program %s was not found", program);
    case EACCES:
    case EPERM:
        return error_set_errno(err, BEACON_E_REFUSED, os_errno,
                               "check its mode with 'ls -l' and, in a sandbox, what may be run",
                               "program %s may not be executed: %s", program, strerror(os_errno));
    case E2BIG:
        return error_set_errno(err, BEACON_E_LIMIT, os_errno, "pass long input through a file",
                               "the arguments of %s are too long", program);
    default:
        return error_set_errno(err, BEACON_E_INVALID, os_errno,
                               "check with 'file' what it is; a script needs a #! line",
                               "program %s cannot be run: %s", program, strerror(os_errno));
    }
}

int spawn_explain(const struct spawn_birth *birth, struct beacon_error *err)
{
    const struct spawn_request *request = birth->request;
    const struct spawn_failure *failure = &birth->failure;
    if (failure->stage == SPAWN_STAGE_SETUP) {
        return explain_setup(birth, err);
    }
    if (failure->stage == SPAWN_STAGE_EXEC) {
        return explain_exec(request->argv[0], failure->os_errno, err);
    }
    return error_set_errno(err, BEACON_E_REFUSED, failure->os_errno,
                           "the command was not started; see 'beacon sandbox explain'",
                           "operation %d before %s failed: %s", failure->index, request->argv[0],
                           strerror(failure->os_errno));
}
