/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "base/utf8.h"
#include "tools/patch_command.h"
#include "tools/patch_diff.h"
#include "tools/patch_match.h"
#include "tools/patch_parse.h"

#define SEPARATOR 0xFF /* never in a patch; the file begins behind it */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void match_section(const struct patch_section *section, const char *old, size_t n)
{
    AUTO_TEXT struct text made, why, diff;
    text_init(&made, 1u << 20);
    text_init(&why, 1u << 20);
    text_init(&diff, 1u << 20);
    struct patch_file file = {"/f", old, n};
    struct beacon_error err = {0};
    if (patch_match(section, &file, &made, &why, &err) != BEACON_OK) {
        assert(err.code != BEACON_OK && err.message[0] != '\0' && err.hint[0] != '\0');
        return;
    }
    char last = made.len > 0 ? made.data[made.len - 1] : '\n';
    assert(utf8_valid(text_string(&made), made.len) && (last == '\n' || last == '\r'));
    struct patch_diff_side before = {"a/f", old, n};
    struct patch_diff_side after = {"b/f", text_string(&made), made.len};
    (void)patch_diff(&before, &after, &diff);
}

static void recognise(const char *text, size_t n)
{
    AUTO_TEXT struct text script;
    text_init(&script, 1u << 20);
    (void)text_add(&script, text, n);
    const char *argv[] = {"bash", "-lc", text_string(&script)};
    struct patch_command command = {0};
    if (patch_command_recognise(argv, 3, &command, NULL) == BEACON_OK) {
        patch_command_finish(&command);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const uint8_t *mark = size > 0 ? memchr(data, SEPARATOR, size) : NULL;
    size_t n = mark != NULL ? (size_t)(mark - data) : size;
    const char *old = mark != NULL ? (const char *)mark + 1 : "";
    size_t n_old = mark != NULL ? size - n - 1 : 0;
    recognise(text, n);
    struct patch *patch = NULL;
    struct beacon_error err = {0};
    if (patch_parse(text, n, &patch, NULL, &err) != BEACON_OK) {
        return 0;
    }
    for (size_t i = 0; i < patch->n_sections; i++) {
        if (patch->sections[i].kind == PATCH_UPDATE) {
            match_section(&patch->sections[i], old, n_old);
        }
    }
    patch_destroy(patch);
    return 0;
}
