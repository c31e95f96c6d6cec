/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crash.h"
#include "base/error.h"
#include "base/io.h"
#include "base/log.h"
#include "cli/command_table.h"
#include "cli/version.h"
#include "plugin/incident.h"

int main(int argc, char **argv)
{
    if (!io_hold_standard_files()) {
        return EXIT_STATUS_FAILED; /* nowhere to say it */
    }
    crash_install(BEACON_VERSION, incident_place);
    log_init_from_environment();
    return command_table_run(argc, argv);
}
