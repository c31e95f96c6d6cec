/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/static_set.h"

/* Alone in its file: the linker takes it from the archive only when the program has no table. */
const struct static_plugin static_set[] = {{0}};
