/* profile_case.h - folders of profiles in the test's temporary directory: bundled/, admin/, home/providers.d/. */
#ifndef TESTS_UNIT_CONFIG_PROFILE_CASE_H
#define TESTS_UNIT_CONFIG_PROFILE_CASE_H

#include "config/layers.h"
#include "config/profile_file.h"

/* A configuration from this user file that reads those folders; to config_destroy(). */
struct config *profile_case_load(void **state, const char *user_file);

/* How many files were opened since the last load. */
unsigned profile_case_opened(void);

#endif
