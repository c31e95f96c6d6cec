/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/patch_program.h"

/* The stand-alone program without the rest of beacon, for the tests. */
int main(int argc, char **argv)
{
    return patch_program_main(argc, argv);
}
