/* SPDX-License-Identifier: Apache-2.0 */
/* Each attack ends before one byte of the plugin ran; beside each stands the same without the attack,
 * which loads. */
#include "hostile.h"

#include <beacon/plugin.h>
#include <dlfcn.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/path.h"
#include "plugin/loader.h"
#include "plugin/manifest.h"
#include "plugin/mapping.h"
#include "plugin/policy_parts.h"

static const struct plugin_policy plain_policy;

/* A folder with one plugin in it, and the set that was found there. */
struct scene {
    struct plugin_set *set;
    const char *folder, *path;
};

static const char *plugin_folder(void **state)
{
    if (access(temp_path(state, "plugins"), F_OK) != 0) {
        make_folder(temp_path(state, "plugins"));
    }
    return temp_path(state, "plugins");
}

static struct scene scene_of(void **state, const char *name, const struct trust_rules *rules)
{
    struct beacon_error err = {0};
    struct scene scene = {.folder = plugin_folder(state),
                          .path = temp_path(state, "plugins/hostile.so")};
    if (name != NULL) {
        plant(name, scene.path);
    }
    const struct plugin_places places = {.env_path = scene.folder,
                                         .policy = rules != NULL ? rules->policy : NULL,
                                         .lock = rules != NULL ? rules->lock : NULL};
    watch(state);
    assert_ok(plugin_set_open(&places, &scene.set, &err), &err);
    return scene;
}

static int load(const struct scene *scene, struct plugin_component *ret, struct beacon_error *err)
{
    return plugin_open_component(scene->set, BEACON_KIND_PROVIDER, "hostile", ret, err);
}

static void assert_loads(void **state, const struct scene *scene, const char *ran)
{
    struct beacon_error err = {0};
    struct plugin_component component = {0};
    assert_ok(load(scene, &component, &err), &err);
    assert_string_equal(plugin_id(component.plugin), "com.example.hostile");
    if (*ran == '\0') {
        assert_nothing_ran(state);
    } else {
        assert_string_equal(read_text(temp_path(state, "marker")), ran);
    }
    plugin_set_close(scene->set);
}

static void assert_attack_fails(void **state, const struct scene *scene, int code, const char *part)
{
    struct beacon_error err = {0};
    struct plugin_component component = {0};
    assert_refused(load(scene, &component, &err), code, &err);
    assert_says(err.message, part);
    assert_null(component.plugin);
    assert_nothing_ran(state);
    plugin_set_close(scene->set);
}

/* A file whose note cannot be read has no name to ask for: it is listed with its refusal. */
static void assert_listed_as_refused(void **state, const struct scene *scene, const char *part)
{
    struct beacon_error err = {0};
    struct plugin_component component = {0};
    const struct plugin_entry *entry = entry_named(scene->set, "hostile.so");
    assert_int_equal(entry->state, PLUGIN_REFUSED);
    assert_says(entry->refusal.message, part);
    assert_refused(load(scene, &component, &err), BEACON_E_NOT_FOUND, &err);
    assert_nothing_ran(state);
    plugin_set_close(scene->set);
}

/* ---- the file is not the one that was checked ---- */

static void a_file_replaced_after_listing_does_not_run(void **state)
{
    struct scene scene = scene_of(state, "quiet", NULL);
    plant("marks_newer", temp_path(state, "evil.so"));
    assert_int_equal(rename(temp_path(state, "evil.so"), scene.path), 0);
    assert_attack_fails(state, &scene, BEACON_E_REFUSED,
                        "changed since it was listed: it was com.example.hostile 1.0.0, now it is "
                        "com.example.hostile 1.1.0");
    scene = scene_of(state, NULL, NULL);
    assert_loads(state, &scene, "constructed entered ");
}

static void a_file_replaced_by_one_with_the_same_note_does_not_run_under_a_lock(void **state)
{
    plant("quiet", (plugin_folder(state), temp_path(state, "plugins/hostile.so")));
    struct plugin_lock *lock = lock_of(temp_path(state, "plugins/hostile.so"), NULL);
    const struct trust_rules rules = {.lock = lock};
    struct scene scene = scene_of(state, NULL, &rules);
    struct scene again = scene_of(state, NULL, &rules);
    assert_loads(state, &again, "");
    plant("marks", scene.path);
    assert_attack_fails(state, &scene, BEACON_E_POLICY, "has the SHA-256");
    plugin_lock_destroy(lock);
}

static void a_file_replaced_by_a_link_does_not_run(void **state)
{
    struct scene scene = scene_of(state, "quiet", NULL);
    plant("marks", temp_path(state, "evil.so"));
    assert_int_equal(unlink(scene.path), 0);
    assert_int_equal(symlink(temp_path(state, "evil.so"), scene.path), 0);
    assert_attack_fails(state, &scene, BEACON_E_REFUSED, "hostile.so is a symbolic link");
}

static void a_folder_replaced_by_somebody_elses_link_does_not_lead_anywhere(void **state)
{
    if (geteuid() != 0) {
        skip();
    }
    struct scene scene = scene_of(state, "quiet", NULL);
    make_folder(temp_path(state, "evil"));
    plant("marks", temp_path(state, "evil/hostile.so"));
    assert_int_equal(rename(scene.folder, temp_path(state, "moved")), 0);
    assert_int_equal(symlink("evil", scene.folder), 0);
    assert_int_equal(lchown(scene.folder, NOBODY, NOBODY), 0);
    assert_attack_fails(state, &scene, BEACON_E_REFUSED, "/plugins is a symbolic link");
}

/* What the linker gets is what was checked, even when the path is something else by then. */
static const struct beacon_plugin *map_after(void **state, void (*attack)(void **, const char *))
{
    struct beacon_error err = {0};
    struct trusted_file file;
    void *handle = NULL;
    const char *path = temp_path(state, "plugins/hostile.so");
    (void)plugin_folder(state);
    plant("quiet", path);
    watch(state);
    assert_ok(trust_open(path, NULL, &file, &err), &err);
    attack(state, path);
    assert_ok(mapping_open(&file, path, true, &handle, &err), &err);
    trusted_file_finish(&file);
    beacon_plugin_entry_fn entry = NULL;
    *(void **)&entry = dlsym(handle, "beacon_plugin_entry_v1");
    assert_non_null(entry);
    return entry(BEACON_ABI_MINOR);
}

static void rename_over(void **state, const char *path)
{
    plant("marks_newer", temp_path(state, "evil.so"));
    assert_int_equal(rename(temp_path(state, "evil.so"), path), 0);
}

static void write_in_place(void **state, const char *path)
{
    plant("marks_newer", temp_path(state, "evil.so"));
    copy_toy(temp_path(state, "evil.so"), path);
}

static void put_a_link(void **state, const char *path)
{
    plant("marks_newer", temp_path(state, "evil.so"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(temp_path(state, "evil.so"), path), 0);
}

static void remove_it(void **state, const char *path)
{
    (void)state;
    assert_int_equal(unlink(path), 0);
}

static void a_file_replaced_between_check_and_load_is_not_what_runs(void **state)
{
    static void (*const attacks[])(void **, const char *) = {rename_over, write_in_place,
                                                             put_a_link, remove_it};
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        assert_string_equal(map_after(state, attacks[i])->version, "1.0.0");
        assert_nothing_ran(state);
        (void)unlink(temp_path(state, "plugins/hostile.so"));
    }
}

static void the_number_of_a_descriptor_is_never_used_for_two_files(void **state)
{
    struct beacon_error err = {0};
    struct plugin_component first = {0}, second = {0};
    struct scene scene = scene_of(state, "quiet", NULL);
    assert_ok(load(&scene, &first, &err), &err);
    plugin_set_close(scene.set);
    for (int fd = 100; fd < 160; fd++) { /* all taken: what is free now was free before */
        (void)fcntl(0, F_DUPFD_CLOEXEC, 100);
    }
    scene = scene_of(state, "newer", NULL);
    assert_ok(load(&scene, &second, &err), &err);
    plugin_set_close(scene.set);
    assert_ptr_not_equal(first.plugin, second.plugin);
    assert_ptr_not_equal(first.vtable, second.vtable);
}

static void the_same_bytes_from_two_places_are_loaded_once(void **state)
{
    struct beacon_error err = {0};
    struct plugin_component first = {0}, second = {0};
    struct scene scene = scene_of(state, "marks", NULL);
    assert_ok(load(&scene, &first, &err), &err);
    plugin_set_close(scene.set);
    make_folder(temp_path(state, "elsewhere"));
    copy_toy(scene.path, temp_path(state, "elsewhere/other.so"));
    struct scene other = {.set = set_of(temp_path(state, "elsewhere"))};
    assert_ok(load(&other, &second, &err), &err);
    plugin_set_close(other.set);
    assert_ptr_equal(first.plugin, second.plugin);
    assert_string_equal(read_text(temp_path(state, "marker")), "constructed entered ");
}

/* ---- the file itself ---- */

static void what_a_file_would_bring_in_keeps_it_from_running(void **state)
{
    static const char *const names[] = {"rpath", "runpath", "stack", "exports"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct scene scene = scene_of(state, names[i], NULL);
        assert_attack_fails(state, &scene, BEACON_E_REFUSED, "hostile.so ");
    }
    struct scene scene = scene_of(state, "marks", NULL);
    assert_loads(state, &scene, "constructed entered ");
}

static void a_constructor_in_an_unsigned_file_does_not_run_under_a_policy(void **state)
{
    const struct trust_rules rules = {.policy = &plain_policy};
    struct scene scene = scene_of(state, "marks", &rules);
    assert_attack_fails(state, &scene, BEACON_E_POLICY,
                        "hostile.so has 1 constructor, which would run unseen in an unsigned file");
    scene = scene_of(state, "quiet", &rules);
    assert_loads(state, &scene, "");
}

static void a_file_with_the_hash_of_another_platform_does_not_run(void **state)
{
    (void)plugin_folder(state);
    plant("marks", temp_path(state, "plugins/hostile.so"));
    const struct lock_text change = {.platform = "linux-s390x"};
    struct plugin_lock *lock = lock_of(temp_path(state, "plugins/hostile.so"), &change);
    struct plugin_lock *right = lock_of(temp_path(state, "plugins/hostile.so"), NULL);
    const struct trust_rules rules = {.lock = lock}, fine = {.lock = right};
    struct scene scene = scene_of(state, NULL, &rules);
    assert_attack_fails(state, &scene, BEACON_E_POLICY, "has the hash of another platform: ");
    scene = scene_of(state, NULL, &fine);
    assert_loads(state, &scene, "constructed entered ");
    plugin_lock_destroy(lock);
    plugin_lock_destroy(right);
}

static void a_file_cut_inside_its_headers_or_its_note_does_not_run(void **state)
{
    (void)plugin_folder(state);
    watch(state);
    const char *path = temp_path(state, "plugins/hostile.so");
    plant("marks", path);
    for (off_t n = 1024; n > 0; n--) { /* program headers and note stand here */
        assert_int_equal(truncate(path, n), 0);
        struct beacon_error err = {0};
        struct trusted_file file;
        assert_refused(trust_open(path, NULL, &file, &err), BEACON_E_INVALID, &err);
        assert_says(err.message, "hostile.so");
    }
    struct scene scene = scene_of(state, NULL, NULL);
    assert_listed_as_refused(state, &scene, "hostile.so ");
}

static void an_oversized_note_does_not_run(void **state)
{
    struct scene scene = scene_of(state, "oversized", NULL);
    assert_listed_as_refused(state, &scene,
                             "the manifest of hostile.so has 65537 bytes, at most 65536 are read");
    scene = scene_of(state, "large", NULL);
    assert_loads(state, &scene, "constructed entered ");
}

static void a_folder_others_may_write_keeps_its_plugins_from_running(void **state)
{
    struct scene scene = scene_of(state, "marks", NULL);
    assert_int_equal(chmod(scene.folder, 0777), 0);
    assert_attack_fails(state, &scene, BEACON_E_REFUSED, "/plugins can be changed by others");
    assert_int_equal(chmod(scene.folder, 0755), 0);
    scene = scene_of(state, NULL, NULL);
    assert_loads(state, &scene, "constructed entered ");
}

static void a_file_of_somebody_else_does_not_run(void **state)
{
    if (geteuid() != 0) {
        skip();
    }
    struct scene scene = scene_of(state, "marks", NULL);
    assert_int_equal(chown(scene.path, NOBODY, NOBODY), 0);
    assert_attack_fails(state, &scene, BEACON_E_REFUSED, "hostile.so belongs to user 65534");
    assert_int_equal(chown(scene.path, 0, 0), 0);
    scene = scene_of(state, NULL, NULL);
    assert_loads(state, &scene, "constructed entered ");
}

static void a_huge_file_is_refused_without_reading_it(void **state)
{
    struct scene scene = scene_of(state, "marks", NULL);
    assert_int_equal(truncate(scene.path, (off_t)TRUST_FILE_MAX_BYTES + 1), 0); /* sparse */
    assert_attack_fails(state, &scene, BEACON_E_LIMIT,
                        "hostile.so is too large for a plugin: 268435457 bytes, at most 268435456");
}

static void what_took_the_place_of_a_file_is_refused(void **state)
{
    struct scene scene = scene_of(state, "marks", NULL);
    assert_int_equal(unlink(scene.path), 0);
    assert_int_equal(mkfifo(scene.path, 0600), 0);
    assert_attack_fails(state, &scene, BEACON_E_INVALID, "hostile.so is no regular file");
    assert_int_equal(unlink(scene.path), 0);
    scene = scene_of(state, "marks_newer", NULL);
    assert_int_equal(unlink(scene.path), 0);
    make_folder(scene.path);
    assert_attack_fails(state, &scene, BEACON_E_INVALID, "hostile.so is a folder");
}

static void a_file_that_went_away_since_it_was_listed_is_missed(void **state)
{
    struct scene scene = scene_of(state, "marks", NULL);
    assert_int_equal(unlink(scene.path), 0);
    assert_attack_fails(state, &scene, BEACON_E_NOT_FOUND, "hostile.so does not exist");
}

static void the_linkers_own_refusal_is_told_once_and_again(void **state)
{
    struct beacon_error err = {0};
    struct plugin_component component = {0};
    struct scene scene = scene_of(state, "undefined", NULL);
    for (int i = 0; i < 2; i++) {
        assert_refused(load(&scene, &component, &err), BEACON_E_INVALID, &err);
        assert_string_equal(err.message, "the system cannot load hostile.so: undefined symbol: "
                                         "hostile_symbol_nobody_has");
    }
    assert_nothing_ran(state);
    plugin_set_close(scene.set);
}

static void of_two_majors_the_highest_known_is_taken(void **state)
{
    struct scene scene = scene_of(state, "both", NULL);
    assert_loads(state, &scene, "");
}

/* ---- the linker's environment: only what it saw when the program began counts, so a new one begins ---- */

/* needs_helper.so, pinned with the true helper, in the environment of the attack. */
static int attempt(const char *path, const char *how)
{
    AUTO_FREE char *plugins = path_parent(path);
    AUTO_FREE char *helper = path_join(plugins, "../helper");
    const char *const folders[] = {helper, NULL};
    struct beacon_error err = {0};
    struct trusted_file file;
    void *handle = NULL;
    char hash[SHA256_HEX], needed[128], bytes[65536];
    int fd = open(HOSTILE "/helper/libhostile_helper.so", O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, bytes, sizeof bytes);
    sha256_hex(bytes, n > 0 ? (size_t)n : 0, hash);
    (void)snprintf(needed, sizeof needed, "libhostile_helper.so:%s", hash);
    const struct lock_text change = {.needed = needed};
    const bool is_pinned = strcmp(how, "unpinned") != 0;
    const struct trust_rules rules = {.lock = is_pinned ? lock_of(path, &change) : NULL,
                                      .library_folders = folders};
    int rc = strcmp(how, "unnoticed") == 0 ? BEACON_OK : trust_check_environment(&rules, &err);
    if (rc == BEACON_OK) {
        rc = trust_open(path, &rules, &file, &err);
    }
    if (rc == BEACON_OK) {
        rc = mapping_open(&file, path, is_pinned, &handle, &err);
    }
    if (rc == BEACON_OK) {
        beacon_plugin_entry_fn entry = NULL;
        *(void **)&entry = dlsym(handle, "beacon_plugin_entry_v1");
        (void)entry(BEACON_ABI_MINOR);
    }
    (void)printf("%d %s\n", rc, err.message);
    (void)fflush(stdout);
    _exit(0);
}

static const char *attempt_with(void **state, const char *how)
{
    static char self[4096];
    const char *said = NULL;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    (void)plugin_folder(state);
    (void)library_folder(state, "helper");
    plant("needs_helper", temp_path(state, "plugins/hostile.so"));
    AUTO_FREE char *marker = alloc_printf("HOSTILE_MARKER=%s", temp_path(state, "marker"));
    (void)unlink(temp_path(state, "marker"));
    const char *const argv[] = {"env",       "LD_LIBRARY_PATH=" HOSTILE "/evil",     marker, self,
                                "--attempt", temp_path(state, "plugins/hostile.so"), how,    NULL};
    assert_int_equal(run_program(argv, NULL, &said, NULL), 0);
    return said;
}

static void a_library_slipped_in_by_the_environment_does_not_run_when_pinned(void **state)
{
    (void)attempt_with(state, "unpinned"); /* the attack is real */
    assert_string_equal(read_text(temp_path(state, "marker")), "evil evil ");
    assert_says(attempt_with(state, "pinned"), "-14 LD_LIBRARY_PATH is set");
    assert_nothing_ran(state);
    assert_says(attempt_with(state, "unnoticed"), "0 ");
    assert_string_equal(read_text(temp_path(state, "marker")), "helped ");
}

/* ---- without /proc ---- */

/* In a child, without /proc: 0 = as it should be, 77 = this kernel does not let us, else what failed. */
static int without_proc(struct trusted_file *pinned, struct trusted_file *unpinned,
                        const char *path)
{
    struct beacon_error err = {0};
    void *handle = NULL;
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        umount2("/proc", MNT_DETACH) != 0) {
        return 77;
    }
    if (mapping_open(pinned, path, true, &handle, &err) != BEACON_E_POLICY ||
        strstr(err.message, "cannot be loaded without /proc") == NULL) {
        return 1;
    }
    return mapping_open(unpinned, path, false, &handle, &err) == BEACON_OK && handle != NULL ? 0
                                                                                             : 2;
}

static void without_proc_only_what_nobody_pinned_is_loaded(void **state)
{
    struct beacon_error err = {0};
    struct trusted_file pinned, unpinned;
    (void)plugin_folder(state);
    const char *path = temp_path(state, "plugins/hostile.so");
    plant("quiet", path);
    assert_ok(trust_open(path, NULL, &pinned, &err), &err);
    assert_ok(trust_open(path, NULL, &unpinned, &err), &err);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(without_proc(&pinned, &unpinned, path));
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    trusted_file_finish(&pinned);
    trusted_file_finish(&unpinned);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--attempt") == 0) {
        return attempt(argv[2], argv[3]);
    }
    const struct CMUnitTest tests[] = {
        in_temp_dir(a_file_replaced_after_listing_does_not_run),
        in_temp_dir(a_file_replaced_by_one_with_the_same_note_does_not_run_under_a_lock),
        in_temp_dir(a_file_replaced_by_a_link_does_not_run),
        in_temp_dir(a_folder_replaced_by_somebody_elses_link_does_not_lead_anywhere),
        in_temp_dir(a_file_replaced_between_check_and_load_is_not_what_runs),
        in_temp_dir(the_number_of_a_descriptor_is_never_used_for_two_files),
        in_temp_dir(the_same_bytes_from_two_places_are_loaded_once),
        in_temp_dir(what_a_file_would_bring_in_keeps_it_from_running),
        in_temp_dir(a_constructor_in_an_unsigned_file_does_not_run_under_a_policy),
        in_temp_dir(a_file_with_the_hash_of_another_platform_does_not_run),
        in_temp_dir(a_file_cut_inside_its_headers_or_its_note_does_not_run),
        in_temp_dir(an_oversized_note_does_not_run),
        in_temp_dir(a_folder_others_may_write_keeps_its_plugins_from_running),
        in_temp_dir(a_file_of_somebody_else_does_not_run),
        in_temp_dir(a_huge_file_is_refused_without_reading_it),
        in_temp_dir(what_took_the_place_of_a_file_is_refused),
        in_temp_dir(a_file_that_went_away_since_it_was_listed_is_missed),
        in_temp_dir(the_linkers_own_refusal_is_told_once_and_again),
        in_temp_dir(of_two_majors_the_highest_known_is_taken),
        in_temp_dir(a_library_slipped_in_by_the_environment_does_not_run_when_pinned),
        in_temp_dir(without_proc_only_what_nobody_pinned_is_loaded),
    };
    return cmocka_run_group_tests_name("plugin/loader_attacks", tests, NULL, NULL);
}
