/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/planted.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/path.h"
#include "base/text.h"
#include "sandbox/git_layout.h"
#include "sandbox/places.h"
#include "sandbox/sandbox.h"

static bool was_repository(const struct place *root, const struct places *places)
{
    for (size_t i = 0; i < places->watch.n_bare; i++) {
        if (strcmp(places->watch.bare[i], root->path) == 0) {
            return true;
        }
    }
    return false;
}

static void disable(const struct place *root, struct text *diagnosis)
{
    /* Beneath the root's own descriptor: whatever stands there, a name in it is renamed to another. */
    int failed = renameat(root->fd, "HEAD", root->fd, PLANTED_NEW_NAME);
    if (diagnosis != NULL) {
        (void)text_addf(diagnosis,
                        "the command made a git repository of %s itself, whose configuration git "
                        "would run: %s (git = \"writable\" allows it).\n",
                        root->path,
                        failed == 0 ? "its HEAD was renamed to " PLANTED_NEW_NAME
                                    : "remove its HEAD before you use git there");
    }
}

void planted_disable(const struct places *places, struct text *diagnosis)
{
    for (unsigned i = 0; places->git != SANDBOX_GIT_WRITABLE && i < places->n_protected_roots;
         i++) {
        const struct place *root = places_root(places, i);
        if (git_layout_is_git_dir(root->path) && !was_repository(root, places)) {
            disable(root, diagnosis);
        }
    }
}
