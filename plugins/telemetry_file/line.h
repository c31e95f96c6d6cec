/* line.h - one record as one line of JSON. The schema is docs/protocol/telemetry-jsonl.md. */
#ifndef TELEMETRY_FILE_LINE_H
#define TELEMETRY_FILE_LINE_H

#include <beacon-sdk/json_write.h>
#include <beacon/telemetry.h>

/* Append the line, newline included. False, with nothing added, when it has no room in `out`.
 * `dropped` is how many records were lost before this one, as a total. Any bytes give valid JSON. */
bool line_add(struct beacon_json_out *out, const struct beacon_batch *batch,
              const struct beacon_record *record, uint64_t dropped);

#endif
