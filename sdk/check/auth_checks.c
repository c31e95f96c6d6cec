/* SPDX-License-Identifier: Apache-2.0 */
/* Group A: what an auth plugin does with what it finds, what it is told and what it is asked. */
#include <beacon-sdk/testhost_auth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "checks.h"
#include "plugin/manifest.h"
#include "stage.h"

#define SECRET      "sk-canary-6d1f0a9c4e7b2835-check"
#define ORIGIN      "https://check.invalid"
#define ENOUGH      "a code, a message and a hint"
#define FILL_ERRORS "fill the error with beacon_error_fill()"

/* ---- the plugin on its stage ---- */

struct desk {
    struct stage stage;
    struct testhost_auth *a;
};

/* Variables whose names the capabilities spell out. */
static void set_variables(struct desk *desk, const char *value)
{
    const struct plugin_manifest *manifest = desk->stage.c->manifest;
    for (size_t i = 0; i < manifest->n_capabilities; i++) {
        const char *capability = manifest->capabilities[i];
        if (strncmp(capability, "env:", 4) == 0 && strpbrk(capability + 4, "*?[") == NULL) {
            testhost_set_env(desk->stage.t, capability + 4, value);
        }
    }
}

static bool desk_open(struct desk *desk, struct check_case *c)
{
    *desk = (struct desk){0};
    if (!stage_load(&desk->stage, c, NULL)) {
        return false;
    }
    desk->a = testhost_auth_create(desk->stage.t, c->component->name, desk->stage.config);
    if (desk->a == NULL) {
        check_skip(c, "create() fails, see C.creates");
        return false;
    }
    testhost_forget_findings(desk->stage.t);
    return true;
}

static void desk_close(struct desk *desk)
{
    testhost_auth_destroy(desk->a);
    stage_close(&desk->stage);
}

static beacon_rc acquire(struct desk *desk, uint32_t why, uint64_t rejected, const char **ret_lines)
{
    return testhost_auth_acquire(desk->a, why, ORIGIN, rejected, ret_lines);
}

static void check_words(struct desk *desk, beacon_rc rc, const char *tried)
{
    const char *words = testhost_error(desk->stage.t);
    if (rc < BEACON_OK && (words[0] == '\0' || words[0] == ';')) {
        check_fail(desk->stage.c, ENOUGH, FILL_ERRORS, "%s returned %d without words", tried,
                   (int)rc);
    }
}

/* ---- status() and acquire() ---- */

static void look_at_status(struct desk *desk, const char *tried)
{
    struct beacon_auth_status status;
    const beacon_rc rc = testhost_auth_status(desk->a, &status);
    check_words(desk, rc, "status()");
    if (rc == BEACON_OK && status.state > BEACON_AUTH_NEEDS_USER) {
        check_fail(desk->stage.c, "one of BEACON_AUTH_OUT to _NEEDS_USER", "correct the state",
                   "%s: the state is %u", tried, status.state);
    }
    (void)stage_has_no_findings(&desk->stage, NULL, NULL,
                                "an answer from what is stored here, with no secret in it", tried);
}

void check_auth_status(struct check_case *c)
{
    struct desk desk;
    if (desk_open(&desk, c)) {
        look_at_status(&desk, "status() with nothing stored");
        testhost_plant_secret(desk.stage.t, SECRET);
        set_variables(&desk, SECRET);
        look_at_status(&desk, "status() with credentials");
        testhost_fail(desk.stage.t, TESTHOST_SECRETS, 1, BEACON_E_IO);
        look_at_status(&desk, "status() with a store that cannot be read");
    }
    desk_close(&desk);
}

void check_auth_empty(struct check_case *c)
{
    struct desk desk;
    const char *lines = "";
    if (desk_open(&desk, c)) {
        const beacon_rc rc = acquire(&desk, BEACON_WANT_USE, 0, &lines);
        if (rc == BEACON_OK && lines[0] == '\0') {
            check_fail(c, "BEACON_E_AUTH: the person must log in", "return BEACON_E_AUTH",
                       "acquire() says OK and gives nothing");
        } else if (rc != BEACON_OK && rc != BEACON_E_AUTH) {
            check_fail(c, "BEACON_E_AUTH: the person must log in", "return BEACON_E_AUTH",
                       "acquire() with nothing stored returns %d: %s", (int)rc,
                       testhost_error(desk.stage.t));
        }
        check_words(&desk, rc, "acquire()");
        (void)stage_has_no_findings(&desk.stage, NULL, NULL, "an error", "acquire()");
    }
    desk_close(&desk);
}

void check_auth_never_prompts(struct check_case *c)
{
    static const uint32_t whys[] = {BEACON_WANT_USE, BEACON_WANT_RENEW, BEACON_WANT_REJECTED};
    struct desk desk;
    if (desk_open(&desk, c)) {
        testhost_set_person(desk.stage.t, "answer\nanswer\n", "code=check");
        for (size_t i = 0; i < 6; i++) {
            const char *lines = "";
            set_variables(&desk, i % 2 != 0 ? SECRET : NULL);
            (void)acquire(&desk, whys[i / 2], 1, &lines);
            (void)stage_has_no_findings(&desk.stage, NULL, NULL,
                                        "credentials or BEACON_E_AUTH, without a question",
                                        "acquire() with a person there");
        }
    }
    desk_close(&desk);
}

static uint64_t generation_in(const char *lines)
{
    const char *at = strstr(lines, " generation ");
    return at != NULL ? strtoull(at + 12, NULL, 10) : 0;
}

/* The header with the credentials, NULL when there is none. */
static const char *first_header(const char *lines)
{
    return strncmp(lines, "header ", 7) == 0 ? lines : strstr(lines, "\nheader ");
}

void check_auth_rejected(struct check_case *c)
{
    struct desk desk;
    const char *first = "", *second = "";
    if (desk_open(&desk, c)) {
        set_variables(&desk, SECRET);
        if (acquire(&desk, BEACON_WANT_USE, 0, &first) != BEACON_OK) {
            check_skip(c, "there are no credentials to be had here");
        } else if (acquire(&desk, BEACON_WANT_REJECTED, generation_in(first), &second) ==
                       BEACON_OK &&
                   first_header(first) != NULL && first_header(second) != NULL &&
                   strcspn(first_header(first), "\n") == strcspn(first_header(second), "\n") &&
                   strncmp(first_header(first), first_header(second),
                           strcspn(first_header(first), "\n")) == 0) {
            check_fail(c, "other credentials, or BEACON_E_AUTH",
                       "remember the generation that the server refused",
                       "after the server said no the same credentials are offered again");
        }
        (void)stage_has_no_findings(&desk.stage, NULL, NULL, "never the rejected generation",
                                    "acquire(REJECTED)");
    }
    desk_close(&desk);
}

/* A canary is planted in the variables and typed by the person. */
void check_auth_secret(struct check_case *c)
{
    static const uint32_t whys[] = {BEACON_WANT_USE, BEACON_WANT_RENEW, BEACON_WANT_REJECTED};
    struct desk desk;
    if (desk_open(&desk, c)) {
        struct beacon_auth_status status;
        const char *lines = "";
        testhost_plant_secret(desk.stage.t, SECRET);
        testhost_set_person(desk.stage.t, SECRET "\n", "code=" SECRET);
        set_variables(&desk, SECRET);
        for (size_t i = 0; i < 3; i++) {
            (void)acquire(&desk, whys[i], i == 2 ? generation_in(lines) : 0, &lines);
        }
        (void)testhost_auth_status(desk.a, &status);
        (void)testhost_auth_sign(desk.a, "POST", ORIGIN, "{}", &lines);
        (void)testhost_auth_login(desk.a, BEACON_LOGIN_SECRET);
        set_variables(&desk, SECRET "\r\nX-Evil: 1");
        (void)acquire(&desk, BEACON_WANT_USE, 0, &lines);
        (void)testhost_auth_logout(desk.a);
        (void)stage_has_no_findings(&desk.stage, "secret", NULL,
                                    "the secret in credentials, and nowhere else",
                                    "a planted secret");
    }
    desk_close(&desk);
}

void check_auth_line_ends(struct check_case *c)
{
    static const char *const values[] = {"sk-a\r\nX-Evil: 1", "sk-a\nb", "\n", "sk-a\x01", "   "};
    struct desk desk;
    if (desk_open(&desk, c)) {
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            const char *lines = "";
            set_variables(&desk, values[i]);
            check_words(&desk, acquire(&desk, BEACON_WANT_USE, 0, &lines), "acquire()");
            (void)stage_has_no_findings(&desk.stage, NULL, NULL,
                                        "one line without control characters, or an error",
                                        "a key with a line end in it");
        }
    }
    desk_close(&desk);
}

void check_auth_cancel(struct check_case *c)
{
    struct desk desk;
    if (desk_open(&desk, c)) {
        const char *lines = "";
        testhost_set_cancelled(desk.stage.t, true);
        const beacon_rc rc = acquire(&desk, BEACON_WANT_RENEW, 0, &lines);
        check_words(&desk, rc, "acquire()");
        for (uint32_t method = BEACON_LOGIN_BROWSER; method <= BEACON_LOGIN_SECRET; method <<= 1) {
            const beacon_rc login = testhost_auth_login(desk.a, method);
            if (login == BEACON_OK) {
                check_fail(c, "an error: the person went away",
                           "look at the token before and while it waits",
                           "login() by method %u succeeds although it was cancelled", method);
            }
            if (login != BEACON_E_UNSUPPORTED) {
                check_words(&desk, login, "login()");
            }
        }
        (void)stage_has_no_findings(&desk.stage, NULL, NULL, "an error, soon", "a cancelled call");
    }
    desk_close(&desk);
}

/* In, asked for, and out again. */
void check_auth_login(struct check_case *c)
{
    struct desk desk;
    const char *lines = "";
    if (desk_open(&desk, c)) {
        testhost_set_person(desk.stage.t, SECRET "\n", NULL);
        const beacon_rc rc = testhost_auth_login(desk.a, BEACON_LOGIN_SECRET);
        if (rc != BEACON_OK) {
            check_skip(c, "there is no login with a secret");
        } else if (acquire(&desk, BEACON_WANT_USE, 0, &lines) != BEACON_OK ||
                   strstr(lines, SECRET) == NULL) {
            check_fail(c, "the credentials of the login", "keep them through the secrets facet",
                       "after login() acquire() does not give what was typed: %s",
                       testhost_error(desk.stage.t));
        } else if (testhost_auth_logout(desk.a) == BEACON_OK &&
                   acquire(&desk, BEACON_WANT_USE, 0, &lines) == BEACON_OK &&
                   strstr(lines, SECRET) != NULL) {
            check_fail(c, "BEACON_E_AUTH: they were erased", "erase in logout() what login() kept",
                       "after logout() acquire() still gives credentials");
        }
        (void)stage_has_no_findings(&desk.stage, NULL, NULL, "a login as auth.h says", "login()");
    }
    desk_close(&desk);
}
