/* notes.h - what a reader of the policy might believe of the component `landlock`, and should not. */
#ifndef SANDBOX_LANDLOCK_NOTES_H
#define SANDBOX_LANDLOCK_NOTES_H

#include <beacon/sandbox.h>
#include <stdbool.h>
#include <stdint.h>

struct policy_view;

/* One sentence for each thing that is not prevented, or is off though it was asked for. `is_asked`: the
 * supervisor answers for what Landlock does not see. */
beacon_rc notes_write(const struct policy_view *view, uint32_t level, bool is_asked,
                      const struct beacon_plan *plan);

#endif
