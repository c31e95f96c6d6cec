/* reaper.h - what the embedded program and those who start it agree on. See reaper.c. */
#ifndef HOST_BASE_REAPER_REAPER_H
#define HOST_BASE_REAPER_REAPER_H

#define REAPER_NAME          "reaper"
#define REAPER_GUARDIAN_NAME "guardian"
#define REAPER_STATUS_FD     3 /* reaper: the pipe to the host; guardian: ends with the host */
#define REAPER_GO_FD         4 /* reaper: eventfd the command waits for */
#define REAPER_COMMAND_PID   2 /* the first process after pid 1 */

/* What stands in for a missing name and is removed by a guardian: a directory with the sticky bit that
 * only its owner may write, whatever the umask and the directory above made of the rest, with nothing
 * in it or one small file that hides it from git; or such a small file. */
#define REAPER_COVER_DIRECTORY      01000
#define REAPER_COVER_DIRECTORY_MASK 05022
#define REAPER_COVER_FILE           01444
#define REAPER_COVER_FILE_BYTES     2
#define REAPER_COVER_HIDING_NAME    ".gitignore"

#endif
