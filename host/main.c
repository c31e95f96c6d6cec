/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "cli/command_table.h"

int main(int argc, char **argv)
{
    log_init_from_environment();
    return command_table_run(argc, argv);
}
