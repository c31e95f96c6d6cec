/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/view_image.h"

#include "base/auto.h"
#include "base/error.h"
#include "base/json.h"
#include "base/path.h"
#include "sandbox/sandbox.h"
#include "tools/image.h"
#include "tools/tool.h"

/* The policy of commands is that of this tool: a link they planted leads it to nothing they may not
 * read. */
static int may_read(const void *ctx, const char *real, struct beacon_error *err)
{
    return sandbox_check_read(ctx, real, err);
}

void view_image(struct tool_run *run)
{
    static const struct tool_field fields[] = {{"path", TOOL_STRING, true}};
    AUTO_JSON struct json_object *arguments = tool_arguments(run, fields, 1);
    if (arguments == NULL) {
        return;
    }
    AUTO_FREE char *absolute =
        path_normal(run->context->cwd, json_string_of(arguments, "path", ""));
    AUTO_FREE char *url = NULL;
    struct beacon_error err = {0};
    if (image_data_url_checked(absolute, may_read, run->context->sandbox, &url, &err) !=
        BEACON_OK) {
        tool_answerf(run, "%s", err.message);
        return;
    }
    tool_answer_image(run, url);
}
