/* config_case.h - what tests of the layers share: a home, a repository and a managed file in the test's
 * temporary directory.
 *
 *     home/config.toml   repo/ (with a .git)   managed.toml
 */
#ifndef TESTS_UNIT_CONFIG_CONFIG_CASE_H
#define TESTS_UNIT_CONFIG_CONFIG_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/layers.h"

/* A request for these, and an environment without the variables that are read. */
struct config_request case_request(void **state);

/* Write a file below the temporary directory, with the folders it needs. */
void case_write(void **state, const char *name, const char *text);

/* Text with each "$TMP" replaced by the temporary directory. Lives as long as the test program. */
const char *case_text(void **state, const char *text);

struct config *case_load(const struct config_request *request); /* fails the test on an error */

/* Load with these files and -c arguments (NULL: none). */
struct config *case_load_user(void **state, const char *user_file);
struct config *case_load_override(void **state, const char *user_file, const char *override);

/* Loading is refused with exactly this message. */
void case_refused(const struct config_request *request, int code, const char *message);

bool case_has_warning(const struct config *config, const char *part);
void case_assert_origin(const struct config *config, const char *path, enum config_layer layer,
                        uint32_t line);

#endif
