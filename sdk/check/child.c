/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "check.h"
#include "plugin/manifest.h"
#include "plugin/trust.h"
#include "slate.h"

static const struct check *find_check(const char *id)
{
    for (size_t i = 0; i < check_table_n; i++) {
        if (strcmp(check_table[i].id, id) == 0) {
            return &check_table[i];
        }
    }
    return NULL;
}

static const struct manifest_component *find_component(const struct plugin_manifest *manifest,
                                                       const char *name, uint32_t kinds)
{
    for (size_t i = 0; manifest != NULL && i < manifest->n_components; i++) {
        const struct manifest_component *component = &manifest->components[i];
        if (strcmp(component->name, name) == 0 && (kinds & (1u << component->kind)) != 0) {
            return component;
        }
    }
    return NULL;
}

static const char *or_null(const char *argument)
{
    return argument[0] != '\0' ? argument : NULL;
}

static void say(const struct slate *slate)
{
    static const char *const words[] = {
        [CHECK_NOT_FINISHED] = "not finished",
        [CHECK_PASSED] = "passed",
        [CHECK_FAILED] = "failed",
        [CHECK_SKIPPED] = "does not apply",
        [CHECK_BROKEN] = "could not run",
    };
    (void)printf("%s\n%s\n%s\n%s\n", words[slate->status], slate->seen, slate->expected,
                 slate->remedy);
    (void)fflush(stdout);
}

static void break_off(struct slate *slate, const char *what)
{
    (void)snprintf(slate->seen, sizeof slate->seen, "%s", what);
    slate->status = CHECK_BROKEN;
}

static void run(struct check_case *c, const char *component)
{
    struct text file;
    struct beacon_error err = {0};
    struct plugin_manifest *manifest = NULL;
    text_init(&file, TRUST_FILE_MAX_BYTES);
    if (io_read_file(c->request->path, &file, &err) != BEACON_OK) {
        break_off(c->slate, err.message);
        return;
    }
    c->file = &file;
    (void)manifest_read_bytes(text_string(&file), file.len, "the file", &manifest,
                              &c->manifest_error);
    c->manifest = manifest;
    if ((c->check->kinds & CHECK_FILE) == 0) {
        c->component = find_component(manifest, component, c->check->kinds);
        if (c->component == NULL) {
            break_off(c->slate, "the component is not in the manifest any more");
            return;
        }
    }
    c->check->run(c);
    if (c->slate->status == CHECK_NOT_FINISHED) {
        c->slate->status = CHECK_PASSED;
    }
}

_Noreturn void child_main(char **arguments)
{
    static struct slate private_slate;
    const struct check_request request = {
        .path = arguments[CHILD_PATH],
        .config = or_null(arguments[CHILD_CONFIG]),
        .transcripts = or_null(arguments[CHILD_TRANSCRIPTS]),
        .seed = strtoull(arguments[CHILD_SEED], NULL, 10),
    };
    struct slate *shared = slate_inherit(SLATE_FD);
    struct check_case c = {
        .check = find_check(arguments[CHILD_CHECK]),
        .request = &request,
        .slate = shared != NULL ? shared : &private_slate,
    };
    slot_use(c.slate);
    if (c.check == NULL) {
        break_off(c.slate, "there is no such check");
    } else {
        run(&c, arguments[CHILD_COMPONENT]);
    }
    slot_use(NULL);
    if (shared == NULL) {
        say(c.slate);
    }
    _exit(0); /* neither the plugin's nor anybody's exit handlers: what counts is on the slate */
}
