/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/dropin.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/ini_file.h"
#include "base/path.h"
#include "plugin/trust.h"

#define SUFFIX    ".ini"
#define KEYS_HINT "the keys are path, enabled, override and required"

/* One file while it is read; its sections are added to `out` only when all of them are good. */
struct reading {
    const char *path;
    struct dropins file;
    struct beacon_error *err;
};

static void dropin_free(struct dropin *dropin)
{
    free(dropin->id);
    free(dropin->path);
    free(dropin->where);
    free(dropin->off_where);
    free(dropin->required_where);
    free(dropin->override_where);
}

static char *line_name(const struct reading *reading, uint32_t line)
{
    return alloc_printf("%s:%u", reading->path, line);
}

static bool is_plugin_id(const char *id)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    return id[strspn(id, allowed)] == '\0' && strchr(id, '.') != NULL;
}

static int begin_section(struct reading *reading, const char *id, uint32_t line)
{
    if (!is_plugin_id(id)) {
        return error_set(reading->err, BEACON_E_INVALID,
                         "write the id of a plugin between the brackets, like [com.acme.llm]",
                         "%s:%u: [%s] is not the id of a plugin", reading->path, line, id);
    }
    struct dropins *file = &reading->file;
    file->items = alloc_grow(file->items, file->n + 1, sizeof *file->items);
    file->items[file->n++] =
        (struct dropin){.id = alloc_string(id), .where = line_name(reading, line)};
    return BEACON_OK;
}

static struct dropin *section_of(const struct reading *reading, const char *id)
{
    for (size_t i = 0; i < reading->file.n; i++) {
        if (strcmp(reading->file.items[i].id, id) == 0) {
            return &reading->file.items[i];
        }
    }
    return NULL;
}

static int take_path(const struct reading *reading, struct dropin *dropin,
                     const struct ini_entry *entry)
{
    if (entry->value[0] != '/' && entry->value[0] != '\0') {
        return error_set(reading->err, BEACON_E_INVALID,
                         "write the whole path, beginning with /; an empty one masks the plugin",
                         "%s:%u: the path %s depends on the current directory", reading->path,
                         entry->line, entry->value);
    }
    dropin->path = alloc_string(entry->value);
    if (entry->value[0] == '\0' && dropin->off_where == NULL) {
        dropin->off_where = line_name(reading, entry->line);
    }
    return BEACON_OK;
}

/* The line is remembered in *where when the value is `when_yes`. */
static int take_answer(const struct reading *reading, const struct ini_entry *entry, bool when_yes,
                       char **where)
{
    const bool is_yes = strcmp(entry->value, "yes") == 0;
    if (!is_yes && strcmp(entry->value, "no") != 0) {
        return error_set(reading->err, BEACON_E_INVALID, "write yes or no",
                         "%s:%u: %s is \"%s\", neither yes nor no", reading->path, entry->line,
                         entry->key, entry->value);
    }
    if (is_yes == when_yes && *where == NULL) {
        *where = line_name(reading, entry->line);
    }
    return BEACON_OK;
}

static int take_key(const struct reading *reading, struct dropin *dropin,
                    const struct ini_entry *entry)
{
    if (strcmp(entry->key, "path") == 0) {
        return take_path(reading, dropin, entry);
    }
    if (strcmp(entry->key, "enabled") == 0) {
        return take_answer(reading, entry, false, &dropin->off_where);
    }
    if (strcmp(entry->key, "override") == 0) {
        return take_answer(reading, entry, true, &dropin->override_where);
    }
    if (strcmp(entry->key, "required") == 0) {
        return take_answer(reading, entry, true, &dropin->required_where);
    }
    return error_set(reading->err, BEACON_E_INVALID, KEYS_HINT, "%s:%u: there is no key \"%s\"",
                     reading->path, entry->line, entry->key);
}

/* Said twice, or continued on the next line: which one counts is nobody's guess. */
static bool is_repeated(const struct ini_file *ini, size_t i)
{
    const struct ini_entry *entry = ini_file_entry(ini, i);
    for (size_t j = 0; j < i; j++) {
        const struct ini_entry *other = ini_file_entry(ini, j);
        if (strcmp(other->section, entry->section) == 0 && strcmp(other->key, entry->key) == 0) {
            return true;
        }
    }
    return false;
}

static int take_entry(const struct reading *reading, const struct ini_file *ini, size_t i)
{
    const struct ini_entry *entry = ini_file_entry(ini, i);
    struct dropin *dropin = section_of(reading, entry->section);
    if (dropin == NULL) {
        return error_set(
            reading->err, BEACON_E_INVALID, "begin with the id of the plugin, like [com.acme.llm]",
            "%s:%u: \"%s\" stands before any section", reading->path, entry->line, entry->key);
    }
    if (is_repeated(ini, i)) {
        return error_set(reading->err, BEACON_E_INVALID, "keep one of them",
                         "%s:%u: [%s] says \"%s\" twice", reading->path, entry->line,
                         entry->section, entry->key);
    }
    return take_key(reading, dropin, entry);
}

static int check_section(const struct reading *reading, const struct dropin *dropin)
{
    if (dropin->override_where != NULL && dropin->path == NULL) {
        return error_set(reading->err, BEACON_E_INVALID, "add path = /… of the replacement",
                         "%s: override = yes, but no path says with what", dropin->override_where);
    }
    return BEACON_OK;
}

static int read_sections(struct reading *reading, const struct ini_file *ini)
{
    int rc = BEACON_OK;
    for (size_t i = 0; rc == BEACON_OK && i < ini_file_section_count(ini); i++) {
        uint32_t line = 0;
        const char *id = ini_file_section(ini, i, &line);
        rc = begin_section(reading, id, line);
    }
    for (size_t i = 0; rc == BEACON_OK && i < ini_file_count(ini); i++) {
        rc = take_entry(reading, ini, i);
    }
    for (size_t i = 0; rc == BEACON_OK && i < reading->file.n; i++) {
        rc = check_section(reading, &reading->file.items[i]);
    }
    return rc;
}

static int read_ini(struct reading *reading, struct owned_folders *known, bool is_strict)
{
    AUTO_CLOSE int fd = -1;
    struct ini_file *ini = NULL;
    int rc = trust_open_owned_in(known, reading->path, is_strict, &fd, reading->err);
    if (rc == BEACON_OK) {
        rc = ini_file_read(fd, reading->path, &ini, reading->err);
    }
    if (rc == BEACON_OK) {
        rc = read_sections(reading, ini);
    }
    ini_file_destroy(ini);
    return rc;
}

static void add_problem(struct dropins *out, const char *path, const struct beacon_error *error)
{
    out->problems = alloc_grow(out->problems, out->n_problems + 1, sizeof *out->problems);
    out->problems[out->n_problems++] =
        (struct dropin_problem){.path = alloc_string(path), .error = *error};
}

static void read_file(struct dropins *out, struct owned_folders *known, const char *path,
                      bool is_strict)
{
    struct beacon_error err = {0};
    struct reading reading = {.path = path, .err = &err};
    if (read_ini(&reading, known, is_strict) != BEACON_OK) {
        add_problem(out, path, &err);
        dropins_finish(&reading.file);
        return;
    }
    for (size_t i = 0; i < reading.file.n; i++) {
        out->items = alloc_grow(out->items, out->n + 1, sizeof *out->items);
        out->items[out->n++] = reading.file.items[i];
    }
    free(reading.file.items);
}

static int is_ini_name(const struct dirent *item)
{
    size_t n = strlen(item->d_name);
    return item->d_name[0] != '.' && n > strlen(SUFFIX) &&
           strcmp(item->d_name + n - strlen(SUFFIX), SUFFIX) == 0;
}

static void refuse_folder(struct dropins *out, const char *folder, int os_errno)
{
    struct beacon_error err = {0};
    (void)error_set_errno(&err, BEACON_E_IO, os_errno, "correct the permissions of the folder",
                          "cannot read the folder %s: %s", folder, strerror(os_errno));
    add_problem(out, folder, &err);
}

static void refuse_file_too_many(struct dropins *out, const char *path)
{
    struct beacon_error err = {0};
    (void)error_set(&err, BEACON_E_LIMIT, "put several plugins into one file",
                    "%s is not read: the folder has more than %d files", path, DROPIN_FILES_MAX);
    add_problem(out, path, &err);
}

void dropins_read(struct owned_folders *known, const char *folder, bool is_strict,
                  struct dropins *ret)
{
    *ret = (struct dropins){0};
    struct dirent **items = NULL;
    int n = scandir(folder, &items, is_ini_name, alphasort);
    if (n < 0) {
        ret->is_missing = errno == ENOENT;
        if (!ret->is_missing) {
            refuse_folder(ret, folder, errno);
        }
        return;
    }
    for (int i = 0; i < n; i++) {
        AUTO_FREE char *path = path_join(folder, items[i]->d_name);
        if (i < DROPIN_FILES_MAX) {
            read_file(ret, known, path, is_strict);
        } else if (i == DROPIN_FILES_MAX) {
            refuse_file_too_many(ret, path);
        }
        free(items[i]);
    }
    free(items);
}

void dropins_finish(struct dropins *dropins)
{
    for (size_t i = 0; i < dropins->n; i++) {
        dropin_free(&dropins->items[i]);
    }
    for (size_t i = 0; i < dropins->n_problems; i++) {
        free(dropins->problems[i].path);
    }
    free(dropins->items);
    free(dropins->problems);
    *dropins = (struct dropins){0};
}
