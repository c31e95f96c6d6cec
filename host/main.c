/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/io.h"
#include "base/log.h"
#include "cli/command_table.h"

int main(int argc, char **argv)
{
    if (!io_hold_standard_files()) {
        return EXIT_STATUS_FAILED; /* nowhere to say it */
    }
    log_init_from_environment();
    return command_table_run(argc, argv);
}
