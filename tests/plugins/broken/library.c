/* SPDX-License-Identifier: Apache-2.0 */
/* A library that no administrator has heard of. */
__attribute__((visibility("default"))) int broken_library_answer(void);

int broken_library_answer(void)
{
    return 42;
}
