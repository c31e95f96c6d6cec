/* reaper.h - what the embedded program and those who start it agree on. See reaper.c. */
#ifndef HOST_BASE_REAPER_REAPER_H
#define HOST_BASE_REAPER_REAPER_H

#define REAPER_NAME          "reaper"
#define REAPER_GUARDIAN_NAME "guardian"
#define REAPER_KEEPER_NAME   "keeper"
#define REAPER_STATUS_FD     3 /* reaper, keeper: the pipe to the host; guardian: ends with the host */
#define REAPER_GO_FD         4 /* reaper: eventfd the command waits for */
#define REAPER_TERMINAL_FD   5 /* reaper: may be there; lends its name as long as it is open */
#define REAPER_COMMAND_PID   2 /* the first process after pid 1 */

/* What stands in for a missing name and is removed by a guardian, known by the sticky bit and by what is
 * not allowed: a socket; a directory that nobody may write, whatever the umask left of the rest; a
 * small file. The directory above may add the set-group-ID bit. */
#define REAPER_COVER_MARK           01000
#define REAPER_COVER_IGNORED        02000
#define REAPER_COVER_DIRECTORY_MASK 05222
#define REAPER_COVER_FILE           01444
#define REAPER_COVER_FILE_BYTES     2

#endif
