/* view_image.h - the tool by which a model looks at a local picture. Thread: [main]. */
#ifndef HOST_TOOLS_VIEW_IMAGE_H
#define HOST_TOOLS_VIEW_IMAGE_H

struct tool_run;

void view_image(struct tool_run *run);

#endif
