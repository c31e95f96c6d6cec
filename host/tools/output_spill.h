/* output_spill.h - what does not fit into memory of a command's output, in a file the model can read.
 *
 * A folder belongs to one session: it is made, mode 0700, with the first file, held by a lock while the
 * session lives, and removed with everything in it when the session ends. Those of sessions that were
 * killed are removed by the next session that spills. A file is bounded, and so are all of a session
 * together: a flood must not fill the disk. Thread: [main].
 */
#ifndef HOST_TOOLS_OUTPUT_SPILL_H
#define HOST_TOOLS_OUTPUT_SPILL_H

#include <stddef.h>
#include <stdint.h>

#define SPILL_FILE_MAX    (UINT64_C(32) << 20)
#define SPILL_SESSION_MAX (UINT64_C(256) << 20)

struct spill_folder;
struct spill_file;

/* Nothing is made yet. `parent` is the folder of all sessions' folders ("$CODE_HOME/outputs"), whose own
 * parent exists; `name` is the session's id. Both are copied. */
struct spill_folder *spill_folder_create(const char *parent, const char *name);
void spill_folder_destroy(struct spill_folder *folder); /* after its files; NULL is fine */

/* NULL when it cannot be made: the output is then in memory only. */
struct spill_file *spill_file_create(struct spill_folder *folder, uint32_t command_id);

/* What is beyond a bound, or cannot be written, is left out. */
void spill_file_add(struct spill_file *file, const char *p, size_t n);
void spill_file_close(struct spill_file *file); /* stays in the folder; NULL is fine */

const char *spill_file_path(const struct spill_file *file);
uint64_t spill_file_missing(const struct spill_file *file); /* bytes that were left out */

#endif
