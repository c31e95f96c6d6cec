/* patch_command.h - is this shell command really a patch?
 *
 * A model that was trained on apply_patch as a program calls it through the shell tool. Such a command
 * is taken as the patch it carries, so no shell is started and the patch is shown and checked as one.
 * Pure: nothing is run or looked up. Thread: [any].
 */
#ifndef HOST_TOOLS_PATCH_COMMAND_H
#define HOST_TOOLS_PATCH_COMMAND_H

#include <beacon/error.h>
#include <stdbool.h>
#include <stddef.h>

struct patch_command {
    bool is_patch;
    char *patch; /* text between the heredoc marks, or the argument; NUL-terminated */
    size_t patch_bytes;
    char *
        directory; /* from `cd DIR && …`, as written without its quotes; NULL when there was none */
};

/* Look at `argv` (n strings). An ordinary command gives is_patch false and BEACON_OK. A bare patch
 * where a command was expected is BEACON_E_INVALID with the sentence for the model as message.
 * `ret` is filled on BEACON_OK, for patch_command_finish(). */
int patch_command_recognise(const char *const *argv, size_t n, struct patch_command *ret,
                            struct beacon_error *err);

void patch_command_finish(struct patch_command *command);

#endif
