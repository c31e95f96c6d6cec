/* blob.h - a picture or file of the conversation as a part. Thread: [pure]. */
#ifndef PROVIDER_GEMINI_BLOB_H
#define PROVIDER_GEMINI_BLOB_H

#include <beacon-sdk/json_write.h>
#include <beacon/provider.h>

/* Append the part: inlineData for bytes and for data: URLs, fileData for any other URL. */
void gemini_blob_put(struct beacon_json_out *out, const struct beacon_part *part);

#endif
