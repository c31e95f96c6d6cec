/* schema_table.h - the rows themselves. Private to schema.c. */
#ifndef HOST_CONFIG_SCHEMA_TABLE_H
#define HOST_CONFIG_SCHEMA_TABLE_H

#include <stddef.h>

#include "config/schema.h"

extern const struct schema_row schema_table[];
extern const size_t schema_table_count;

#endif
