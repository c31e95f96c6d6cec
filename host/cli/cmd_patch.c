/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/command_table.h"
#include "tools/patch_program.h"

int cmd_patch(int argc, char **argv)
{
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        (void)printf(
            "Apply a patch in the agent's format below the current directory.\n\n"
            "Usage: beacon apply-patch [PATCH]\n\n"
            "Without PATCH it is read from standard input. Exit status: 0 applied, 1 not or "
            "not wholly applied, 2 wrong usage.\n");
        return 0;
    }
    return patch_program_main(argc, argv);
}
