/* reaper.h - what the embedded program and those who start it agree on. See reaper.c. */
#ifndef HOST_BASE_REAPER_REAPER_H
#define HOST_BASE_REAPER_REAPER_H

#define REAPER_NAME          "reaper"
#define REAPER_GUARDIAN_NAME "guardian"
#define REAPER_STATUS_FD     3     /* reaper: the pipe to the host; guardian: ends with the host */
#define REAPER_GO_FD         4     /* reaper: eventfd the command waits for */
#define REAPER_COMMAND_PID   2     /* the first process after pid 1 */
#define REAPER_COVER_MODE    01000 /* of the directories that a guardian removes */

#endif
