/* image.h - a picture file as a data: URL, for the model to look at. Thread: [any]. */
#ifndef HOST_TOOLS_IMAGE_H
#define HOST_TOOLS_IMAGE_H

#include <beacon/error.h>

#define IMAGE_FILE_MAX (20u << 20) /* bytes of a picture */

/* PNG, JPEG, GIF and WebP, which model services take, are known by their first bytes, whatever the
 * name says. The message of a failure is the sentence a model is told. *ret_url is the caller's. */
int image_data_url(const char *path, char **ret_url, struct beacon_error *err);

/* The same of a file that has to pass `may_read` first, which is given its path without symlinks. What
 * is read is the very file that was judged, however links are swapped meanwhile. */
typedef int (*image_check_fn)(const void *ctx, const char *real, struct beacon_error *err);
int image_data_url_checked(const char *path, image_check_fn may_read, const void *ctx,
                           char **ret_url, struct beacon_error *err);

#endif
