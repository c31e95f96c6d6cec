/* SPDX-License-Identifier: Apache-2.0 */
#include "blob.h"

/* "data:TYPE;base64,DATA" in its two halves. Parameters of the type are left out. */
static bool split_data_url(struct beacon_str url, struct beacon_str *ret_type,
                           struct beacon_str *ret_data)
{
    static const char scheme[] = "data:", mark[] = ";base64";
    const size_t n_scheme = sizeof scheme - 1, n_mark = sizeof mark - 1;
    const char *comma = url.n > 0 ? memchr(url.p, ',', url.n) : NULL;
    if (comma == NULL || !beacon_span_starts(url, scheme)) {
        return false;
    }
    const struct beacon_str head =
        beacon_span(url.p + n_scheme, (size_t)(comma - url.p) - n_scheme);
    if (head.n < n_mark || memcmp(head.p + head.n - n_mark, mark, n_mark) != 0) {
        return false;
    }
    const char *semicolon = memchr(head.p, ';', head.n);
    *ret_type = beacon_span(head.p, (size_t)(semicolon - head.p));
    *ret_data = beacon_span(comma + 1, url.n - (size_t)(comma + 1 - url.p));
    return true;
}

static void put_type(struct beacon_json_out *out, struct beacon_str type)
{
    beacon_json_put_member(out, "mimeType", type.n > 0 ? type : BEACON_STR("image/png"));
}

static void put_file(struct beacon_json_out *out, const struct beacon_part *part)
{
    beacon_json_key(out, "fileData");
    beacon_json_begin_object(out);
    if (part->media_type.n > 0) {
        beacon_json_put_member(out, "mimeType", part->media_type);
    }
    beacon_json_put_member(out, "fileUri", part->url);
    beacon_json_end_object(out);
}

static void put_inline(struct beacon_json_out *out, const struct beacon_part *part)
{
    struct beacon_str type = part->media_type, data = beacon_span(NULL, 0);
    const bool is_encoded = part->url.n > 0 && split_data_url(part->url, &type, &data);
    beacon_json_key(out, "inlineData");
    beacon_json_begin_object(out);
    put_type(out, type);
    beacon_json_key(out, "data");
    if (is_encoded) {
        beacon_json_put_str(out, data);
    } else {
        beacon_json_put_base64(out, BEACON_STR(""), part->blob);
    }
    beacon_json_end_object(out);
}

void gemini_blob_put(struct beacon_json_out *out, const struct beacon_part *part)
{
    struct beacon_str type, data;
    beacon_json_begin_object(out);
    if (part->url.n > 0 && !split_data_url(part->url, &type, &data)) {
        put_file(out, part);
    } else {
        put_inline(out, part);
    }
    beacon_json_end_object(out);
}
