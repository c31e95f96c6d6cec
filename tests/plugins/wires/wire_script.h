/* wire_script.h - answers of a model on each wire: thought, words, and calls of tools.
 *
 * What is streamed differs from answer to answer, so that none can be taken for another. Texts live
 * until the next call.
 */
#ifndef TESTS_PLUGINS_WIRES_WIRE_SCRIPT_H
#define TESTS_PLUGINS_WIRES_WIRE_SCRIPT_H

#include <stddef.h>

#define WIRE_FRAMES_MAX 16u

struct wire_script {
    const char *plugin;  /* "provider_chat" */
    const char *history; /* key of the conversation in a body */
    /* The frames of answer `i`, with `calls` (0, 1 or 2) calls of tools; the second is apply_patch.
     * Returns how many there are. */
    size_t (*answer)(int i, int calls, const char *ret[WIRE_FRAMES_MAX]);
};

const struct wire_script *wire_script_find(const char *plugin); /* NULL: there is none */

#endif
