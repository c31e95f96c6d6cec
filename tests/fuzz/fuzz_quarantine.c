/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/ini_file.h"
#include "base/text.h"
#include "plugin/incident_line.h"
#include "plugin/quarantine_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_list(const char *p, size_t n, struct quarantine *ret)
{
    struct ini_file *file = NULL;
    bool is_good = ini_file_parse(p, n, "fuzz", &file, NULL) == BEACON_OK &&
                   quarantine_list_read(file, ret, NULL) == BEACON_OK;
    ini_file_destroy(file);
    return is_good;
}

static void write_list(const struct quarantine *list, struct text *out)
{
    text_init(out, 1u << 20);
    assert(quarantine_list_write(list, out));
}

/* What was written can be read again, and says the same. */
static void round_trip(const struct quarantine *list)
{
    struct text first, second;
    struct quarantine again = {0};
    write_list(list, &first);
    assert(read_list(text_string(&first), first.len, &again));
    assert(again.n == list->n);
    write_list(&again, &second);
    assert(strcmp(text_string(&first), text_string(&second)) == 0);
    quarantine_list_finish(&again);
    text_finish(&first);
    text_finish(&second);
}

/* Any bytes are a quarantine.ini, and any line may stand in the file of the crash handler. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct quarantine list = {0};
    char *text = alloc_string_n((const char *)data, size);
    if (read_list(text, size, &list)) {
        round_trip(&list);
    }
    char reason[INCIDENT_REASON_BYTES];
    struct quarantine_entry incident;
    if (incident_line_parse(text, reason, &incident) && quarantine_is_id(incident.id) &&
        quarantine_list_put(&list, &incident, NULL) == BEACON_OK) {
        round_trip(&list);
    }
    quarantine_list_finish(&list);
    free(text);
    return 0;
}
