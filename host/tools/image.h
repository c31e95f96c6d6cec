/* image.h - a picture file as a data: URL, for the model to look at. Thread: [any]. */
#ifndef HOST_TOOLS_IMAGE_H
#define HOST_TOOLS_IMAGE_H

#include <beacon/error.h>

#define IMAGE_FILE_MAX (20u << 20) /* bytes of a picture */

/* PNG, JPEG, GIF and WebP, which model services take, are known by their first bytes, whatever the
 * name says. The message of a failure is the sentence a model is told. *ret_url is the caller's. */
int image_data_url(const char *path, char **ret_url, struct beacon_error *err);

#endif
