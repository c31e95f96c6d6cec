/* reaper_image.h - the embedded program (reaper.c) as a file that can be run.
 *
 * The bytes are put into a sealed memory file once per process. To run it as the guardian, give the
 * descriptor to spawn_start() as `program_fd`, with argv {REAPER_GUARDIAN_NAME, paths…, NULL}, the end
 * of a pipe as descriptor REAPER_STATUS_FD, and `outlives_host`. Thread: [main].
 */
#ifndef HOST_BASE_REAPER_REAPER_IMAGE_H
#define HOST_BASE_REAPER_REAPER_IMAGE_H

#include <beacon/error.h>

/* *ret_fd belongs to the process and stays open; close-on-exec. BEACON_E_UNSUPPORTED: there is none
 * for this processor. BEACON_E_REFUSED: the system does not let memory files be run. */
int reaper_image_open(int *ret_fd, struct beacon_error *err);

#endif
