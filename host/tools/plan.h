/* plan.h - update_plan: the model's own checklist, shown to the person. Thread: [main]. */
#ifndef HOST_TOOLS_PLAN_H
#define HOST_TOOLS_PLAN_H

struct tool_run;

void plan_update(struct tool_run *run);

#endif
