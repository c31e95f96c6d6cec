/* transcript_names.h - where the author's recorded answers are: --transcripts, or the folder transcripts/
 * beside the plugin file, else beside the folder it was built in; files that end in .txt, in the order of their names.
 */
#ifndef SDK_CHECK_TRANSCRIPT_NAMES_H
#define SDK_CHECK_TRANSCRIPT_NAMES_H

#include <stddef.h>

#define TRANSCRIPTS_MAX 64

struct check_case;

struct transcript_names {
    char *paths[TRANSCRIPTS_MAX];
    size_t n;
};

void transcript_names_list(const struct check_case *c, struct transcript_names *ret);
void transcript_names_finish(struct transcript_names *names);

#endif
