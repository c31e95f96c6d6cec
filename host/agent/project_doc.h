/* project_doc.h - AGENTS.md: what the people of a project, and the person, want the agent to know.
 *
 * First CODE_HOME/AGENTS.md, then from the git root down to the working directory (only that one
 * outside a repository) the first of AGENTS.override.md, AGENTS.md and the configured names in each
 * folder; joined by blank lines. Thread: [main], local files.
 */
#ifndef HOST_AGENT_PROJECT_DOC_H
#define HOST_AGENT_PROJECT_DOC_H

#include <stddef.h>

struct text;

struct project_doc_request {
    const char *home, *cwd;      /* absolute */
    const char *const *fallback; /* further file names, n_fallback of them */
    size_t n_fallback;
    size_t max_bytes; /* of the project's part, cut at a character; 0: none of it */
};

/* Append what was found; nothing when there is nothing. What cannot be read or is no file is passed
 * over; of a file the first MiB counts. */
void project_doc_read(const struct project_doc_request *request, struct text *out);

#endif
