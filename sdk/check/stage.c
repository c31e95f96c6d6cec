/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "check.h"
#include "instance.h"
#include "plugin/manifest.h"

const char stage_turn_rich[] =
    "{\"model\":\"check-model\",\"session_id\":\"0197-check\",\"parallel_tools\":true,"
    "\"messages\":["
    "{\"role\":\"system\",\"text\":\"Be brief.\"},"
    "{\"role\":\"user\",\"text\":\"Which files? \\u2713 \\\"quoted\\\" \\\\ \\t\"},"
    "{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"text\":\"I look.\"},"
    "{\"type\":\"tool_call\",\"call_id\":\"call_1\",\"name\":\"exec_command\","
    "\"text\":\"{\\\"cmd\\\":\\\"ls\\\"}\"}]},"
    "{\"role\":\"tool\",\"parts\":[{\"type\":\"tool_result\",\"call_id\":\"call_1\","
    "\"text\":\"a.c\\nb.c\\n\"}]},"
    "{\"role\":\"user\",\"text\":\"And now?\"}],"
    "\"tools\":["
    "{\"name\":\"exec_command\",\"description\":\"Run it.\",\"parameters\":{\"type\":\"object\","
    "\"properties\":{\"cmd\":{\"type\":\"string\"}}}},"
    "{\"name\":\"apply_patch\",\"description\":\"Change "
    "it.\",\"parameters\":{\"type\":\"object\"}},"
    "{\"name\":\"another\",\"description\":\"\",\"parameters\":{\"type\":\"object\"}}]}";

static bool read_transcripts(struct stage *stage)
{
    struct transcript_names found;
    transcript_names_list(stage->c, &found);
    bool is_good = true;
    for (size_t i = 0; is_good && i < found.n; i++) {
        stage->names[i] = alloc_string(path_base(found.paths[i]));
        stage->n_transcripts = i + 1;
        stage->transcripts[i] = testhost_transcript_read(stage->t, found.paths[i]);
        is_good = stage->transcripts[i] != NULL;
        if (!is_good) {
            (void)stage_has_no_findings(
                stage, NULL, NULL, "a transcript as testhost_provider.h shows", stage->names[i]);
        }
    }
    transcript_names_finish(&found);
    return is_good;
}

/* ---- opening ---- */

/* The plugin itself is at fault where other checks look, so here its failure means nothing to see. */
bool stage_load(struct stage *stage, struct check_case *c, const struct testhost_options *options)
{
    struct testhost_options own = options != NULL ? *options : (struct testhost_options){0};
    *stage = (struct stage){.c = c};
    own.seed = own.seed != 0 ? own.seed : c->request->seed;
    own.flags |= TESTHOST_ANY_KIND;
    stage->t = testhost_open(&own);
    if (testhost_load_file(stage->t, c->request->path) != BEACON_OK) {
        check_skip(c, "the plugin cannot be loaded, see L.loads");
        return false;
    }
    stage->component = testhost_component(stage->t, c->component->kind, c->component->name);
    if (stage->component == NULL) {
        check_skip(c, "the code has no component %s, see L.agrees", c->component->name);
        return false;
    }
    stage->config = instance_config_for(c, stage->component->config_schema);
    testhost_forget_findings(stage->t);
    return true;
}

bool stage_open(struct stage *stage, struct check_case *c, const struct testhost_options *options)
{
    *stage = (struct stage){.c = c};
    if (c->component->form != MANIFEST_FORM_SANS_IO) {
        check_skip(c, "the provider brings its own transport");
        return false;
    }
    if (!stage_load(stage, c, options)) {
        return false;
    }
    stage->p = testhost_provider_create(stage->t, c->component->name, stage->config);
    if (stage->p == NULL) {
        check_skip(c, "create() fails, see C.creates");
        return false;
    }
    testhost_forget_findings(stage->t);
    return read_transcripts(stage);
}

bool stage_open_recorded(struct stage *stage, struct check_case *c,
                         const struct testhost_options *options)
{
    if (!stage_open(stage, c, options)) {
        return false;
    }
    if (stage->n_transcripts == 0) {
        check_skip(c, "there are no transcripts; put some beside the file, or use --transcripts");
        return false;
    }
    return true;
}

void stage_close(struct stage *stage)
{
    for (size_t i = 0; i < stage->n_transcripts; i++) {
        testhost_transcript_free(stage->transcripts[i]);
        free(stage->names[i]);
    }
    testhost_provider_destroy(stage->p);
    free(stage->config);
    if (stage->t != NULL) {
        testhost_close(stage->t);
    }
    *stage = (struct stage){0};
}

/* ---- findings ---- */

static bool is_listed(const char *rules, const char *line)
{
    const size_t n = strcspn(line, ":");
    for (const char *at = rules; at != NULL && *at != '\0';
         at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
        if (strcspn(at, ",") == n && strncmp(at, line, n) == 0) {
            return true;
        }
    }
    return rules == NULL;
}

static bool line_contains(const char *line, size_t n, const char *with)
{
    if (with != NULL && with[0] == '!') {
        return memmem(line, n, with + 1, strlen(with + 1)) == NULL;
    }
    return with == NULL || memmem(line, n, with, strlen(with)) != NULL;
}

static const char *remedy_of(const char *line)
{
    static const struct {
        const char *rule, *remedy;
    } rows[] = {
        {"crash:", "run it under a debugger: the template's test loads the plugin the same way"},
        {"kept-pointer:", "copy what is needed after the call; [call] memory is gone by then"},
        {"over-read:", "hold to the length of spans and to struct_size"},
        {"late-call:", "use sinks only during the call they were given to"},
        {"thread:", "call the host on the thread of the slot"},
        {"grammar:", "see the grammar of events in provider.h"},
        {"secret:", "never put a credential into texts; the host adds it to the request"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strncmp(line, rows[i].rule, strlen(rows[i].rule)) == 0) {
            return rows[i].remedy;
        }
    }
    return "see what the slot promises in its header";
}

bool stage_has_no_findings(struct stage *stage, const char *rules, const char *with,
                           const char *expected, const char *tried)
{
    bool is_clean = true;
    for (const char *line = testhost_findings(stage->t); *line != '\0';) {
        const size_t n = strcspn(line, "\n");
        if (is_listed(rules, line) && line_contains(line, n, with)) {
            check_fail(stage->c, expected, remedy_of(line), "%s: %.*s", tried, (int)n, line);
            is_clean = false;
        }
        line += n + (line[n] == '\n');
    }
    testhost_forget_findings(stage->t);
    return is_clean;
}
