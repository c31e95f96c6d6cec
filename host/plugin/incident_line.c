/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/incident_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 6

/* Exactly WORDS words. */
static bool split(char *line, char *words[WORDS])
{
    size_t n = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (n == WORDS) {
            return false;
        }
        words[n++] = word;
    }
    return n == WORDS;
}

bool incident_line_parse(char *line, char reason[INCIDENT_REASON_BYTES],
                         struct quarantine_entry *ret)
{
    char *words[WORDS];
    if (!split(line, words) || strcmp(words[0], "1") != 0) {
        return false;
    }
    (void)snprintf(reason, INCIDENT_REASON_BYTES, "crashed with %s", words[1]);
    bool is_unknown = strcmp(words[4], INCIDENT_UNKNOWN_VERSION) == 0;
    *ret = (struct quarantine_entry){
        .id = words[3],
        .version = is_unknown ? "" : words[4],
        .slot = words[5],
        .reason = reason,
        .since_unix_s = strtoull(words[2], NULL, 10),
    };
    return true;
}
