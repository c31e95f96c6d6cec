/* SPDX-License-Identifier: Apache-2.0 */
/* Every sort of refusal that a person can meet on the way from a file to a selected component, made
 * from real files and compared with tests/golden/plugin_refusals.txt. After a change of words, look
 * at the difference and take it over with
 *
 *     BEACON_REGENERATE=1 build/dev/tests/test_plugin_refusals
 */
#include "installation.h"

#include <beacon/plugin.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/text.h"
#include "plugin/manifest.h"
#include "plugin/quarantine.h"
#include "plugin/select.h"

#define TOY         GOOD_TOYS "/toy.so"
#define BUNDLED_TOY OTHER_TOYS "/bundled_toy.so"
#define BUNDLED_ID  "com.beacon.provider-bundled"
#define GOLDEN      TEST_DATA_DIR "/../golden/plugin_refusals.txt"

/* The words with the temporary directory called DIR, the day and the size of the toy taken out. */
static void add_settled(void **state, struct text *out, const char *words)
{
    const char *dir = temp_dir(state);
    const size_t n = strlen(dir);
    while (*words != '\0') {
        if (strncmp(words, dir, n) == 0) {
            assert_true(text_add_string(out, "DIR"));
            words += n;
        } else if (strncmp(words, "since 2", 7) == 0) {
            assert_true(text_add_string(out, "since DAY"));
            words += strlen("since 2000-01-01");
        } else if (strncmp(words, "speak of ", 9) == 0) { /* compilers differ */
            assert_true(text_add_string(out, "speak of N"));
            words += 9 + strspn(words + 9, "0123456789");
        } else {
            assert_true(text_add_char(out, *words++));
        }
    }
}

static void add_refusal(void **state, struct text *out, const char *sort, const char *name,
                        const struct beacon_error *refusal)
{
    assert_true(text_addf(out, "%s: %s (%d)\n  ", sort, name, refusal->code));
    add_settled(state, out, refusal->message);
    assert_true(text_add_string(out, "\n  > "));
    add_settled(state, out, refusal->hint);
    assert_true(text_add_string(out, "\n\n"));
}

/* All entries that are not used, in their order. */
static void add_set(void **state, struct text *out, const char *sort, const struct plugin_set *set)
{
    for (size_t i = 0; i < plugin_set_count(set); i++) {
        const struct plugin_entry *entry = plugin_set_entry(set, i);
        const char *slash = strrchr(entry->path, '/');
        if (entry->state != PLUGIN_USABLE) {
            add_refusal(state, out, sort, slash != NULL ? slash + 1 : entry->id, &entry->refusal);
        }
    }
}

static void add_installation(void **state, struct text *out, const char *sort,
                             const struct plugin_places *places)
{
    struct plugin_set *set = set_at(places);
    add_set(state, out, sort, set);
    plugin_set_close(set);
}

/* The answer to selecting the provider `name`. */
static void add_selection(void **state, struct text *out, const struct plugin_places *places,
                          const char *name)
{
    struct beacon_error err = {0};
    const struct plugin_entry *entry = NULL;
    const struct manifest_component *component = NULL;
    struct plugin_set *set = set_at(places);
    int rc = plugin_select(set, BEACON_KIND_PROVIDER, name, &entry, &component, &err);
    assert_int_not_equal(rc, BEACON_OK);
    add_refusal(state, out, "selection", name, &err);
    plugin_set_close(set);
}

static void remove_file(void **state, const char *name)
{
    assert_int_equal(unlink(temp_path(state, name)), 0);
}

static void write_cut(void **state, const char *name, const char *from, off_t bytes)
{
    copy_toy(from, temp_path(state, name));
    assert_int_equal(truncate(temp_path(state, name), bytes), 0);
}

static void add_manifests(void **state, struct text *out)
{
    const struct plugin_places places = places_of(state);
    write_text(temp_path(state, "extra/empty.so"), "");
    write_text(temp_path(state, "extra/text.so"), "no plugin at all");
    write_cut(state, "extra/cut.so", TOY, 700);
    copy_toy(BAD_TOYS "/no_note.so", temp_path(state, "extra/no_note.so"));
    assert_int_equal(mkdir(temp_path(state, "extra/folder.so"), 0700), 0);
    add_installation(state, out, "manifest", &places);
    remove_file(state, "extra/empty.so");
    remove_file(state, "extra/text.so");
    remove_file(state, "extra/cut.so");
    remove_file(state, "extra/no_note.so");
    assert_int_equal(rmdir(temp_path(state, "extra/folder.so")), 0);
    copy_toy(BAD_TOYS "/wrong_major.so", temp_path(state, "extra/wrong_major.so"));
    copy_toy(BAD_TOYS "/wants_newer_host.so", temp_path(state, "extra/wants_newer_host.so"));
    add_installation(state, out, "abi", &places);
    remove_file(state, "extra/wrong_major.so");
    remove_file(state, "extra/wants_newer_host.so");
}

static void add_ownership(void **state, struct text *out)
{
    const struct plugin_places places = places_of(state);
    copy_toy(TOY, temp_path(state, "extra/changeable.so"));
    assert_int_equal(chmod(temp_path(state, "extra/changeable.so"), 0666), 0);
    copy_toy(TOY, temp_path(state, "opt/real.so"));
    assert_int_equal(symlink(temp_path(state, "opt/real.so"), temp_path(state, "extra/link.so")),
                     0);
    copy_toy(TOY, temp_path(state, "home/plugins/inside.so"));
    assert_int_equal(chmod(temp_path(state, "home/plugins"), 0777), 0);
    add_installation(state, out, "ownership", &places);
    assert_int_equal(chmod(temp_path(state, "home/plugins"), 0700), 0);
    remove_file(state, "extra/changeable.so");
    remove_file(state, "extra/link.so");
    remove_file(state, "home/plugins/inside.so");
    remove_file(state, "opt/real.so");
}

static void add_dropins(void **state, struct text *out)
{
    static const char *const wrong[] = {
        "[acme]\n",
        "path = /a.so\n",
        "[com.a.b]\npath = a.so\n",
        "[com.a.b]\ncolour = red\n",
        "[com.a.b]\nenabled = perhaps\n",
        "[com.a.b]\nenabled = no\nenabled = yes\n",
        "[com.a.b]\noverride = yes\n",
        "[com.a.b]\nenabled = yes\n  required = yes\n",
        "[com.a.b] enabled\n",
        "[a-name-of-more-than-forty-eight-bytes.which-is-too-long]\n",
        "just words\n",
    };
    const struct plugin_places places = places_of(state);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        write_text(temp_path(state, "home/plugins.d/a.ini"), wrong[i]);
        add_installation(state, out, "drop-in", &places);
    }
    copy_toy(TOY, temp_path(state, "opt/toy.so"));
    write_dropin(state, "system/10.ini", "[com.example.toy]\npath =\n", NULL);
    write_dropin(state, "home/plugins.d/a.ini",
                 "[com.example.toy]\npath = %s\n[com.example.off]\nenabled = no\n", "opt/toy.so");
    write_dropin(state, "home/plugins.d/b.ini", "[com.example.other]\npath = %s\n", "opt/toy.so");
    write_dropin(state, "home/plugins.d/c.ini", "[com.example.gone]\npath = %s\n", "opt/gone.so");
    write_dropin(state, "home/plugins.d/d.ini", "[com.example.nowhere]\nrequired = yes\n", NULL);
    add_installation(state, out, "drop-in", &places);
    remove_file(state, "system/10.ini");
    for (char name[] = "home/plugins.d/a.ini"; name[15] <= 'd'; name[15]++) {
        remove_file(state, name);
    }
}

static void add_discovery(void **state, struct text *out)
{
    struct plugin_places places = places_of(state);
    copy_toy(BUNDLED_TOY, temp_path(state, BUNDLED "bundled.so"));
    copy_toy(BUNDLED_TOY, temp_path(state, "extra/mine.so"));
    copy_toy(TOY, temp_path(state, "extra/first.so"));
    copy_toy(TOY, temp_path(state, "home/plugins/second.so"));
    add_installation(state, out, "discovery", &places);
    remove_file(state, "extra/mine.so");
    remove_file(state, "extra/first.so");
    places.env_path = "plugins";
    add_installation(state, out, "discovery", &places);
    places.env_path = temp_path(state, "misspelt");
    add_installation(state, out, "discovery", &places);
    places = places_of(state);
    places.is_safe_mode = true;
    write_dropin(state, "system/10.ini", "[com.example.toy]\npath = %s\n", "opt/toy.so");
    add_installation(state, out, "safe mode", &places);
    remove_file(state, "system/10.ini");
    remove_file(state, "home/plugins/second.so");
}

static void add_policy(void **state, struct text *out)
{
    struct plugin_places places = places_of(state);
    AUTO_FREE char *rules = alloc_printf("[plugins]\nallow = com.beacon.*, com.example.kit\n"
                                         "sources = bundled, %s\n",
                                         temp_path(state, "lib"));
    struct plugin_policy *policy = policy_saying(rules);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    copy_toy(TOY, temp_path(state, BUNDLED "toy.so"));
    copy_toy(BUNDLED_TOY, temp_path(state, "opt/bundled.so"));
    write_dropin(state, "home/plugins.d/a.ini", "[" BUNDLED_ID "]\npath = %s\noverride = yes\n",
                 "opt/bundled.so");
    places.policy = policy;
    add_installation(state, out, "policy", &places);
    add_selection(state, out, &places, "toy");
    plugin_policy_destroy(policy);
    policy = policy_saying("[plugins]\ndeny = com.example.*\n");
    places.policy = policy;
    remove_file(state, BUNDLED "toy.so");
    add_installation(state, out, "policy", &places);
    remove_file(state, "home/plugins.d/a.ini");
    plugin_policy_destroy(policy);
    policy = policy_saying("[plugins]\ncapabilities_deny = own-transport\n");
    places.policy = policy;
    add_installation(state, out, "policy", &places);
    plugin_policy_destroy(policy);
    remove_file(state, "home/plugins/toy.so");
}

static void add_quarantine(void **state, struct text *out)
{
    struct beacon_error err = {0};
    struct quarantine *quarantine = NULL;
    struct plugin_places places = places_of(state);
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    assert_ok(quarantine_put(temp_path(state, "home"), "com.example.toy", "it was slow", &err),
              &err);
    assert_ok(quarantine_load(temp_path(state, "home"), &quarantine, &err), &err);
    places.quarantine = quarantine;
    add_installation(state, out, "quarantine", &places);
    add_selection(state, out, &places, "toy");
    quarantine_destroy(quarantine);
    remove_file(state, "home/plugins/toy.so");
}

static void add_selections(void **state, struct text *out)
{
    const struct plugin_places places = places_of(state);
    add_selection(state, out, &places, "nosuch");
    remove_file(state, BUNDLED "bundled.so");
    add_selection(state, out, &places, "nosuch");
    copy_toy(TOY, temp_path(state, "home/plugins/toy.so"));
    copy_toy(OTHER_TOYS "/toy_rival.so", temp_path(state, "home/plugins/rival.so"));
    add_selection(state, out, &places, "toy");
    remove_file(state, "home/plugins/rival.so");
    write_dropin(state, "system/10.ini", "[com.example.toy]\nenabled = no\n", NULL);
    add_selection(state, out, &places, "toy");
    remove_file(state, "system/10.ini");
}

static void the_refusals_read_as_agreed(void **state)
{
    AUTO_TEXT struct text out;
    text_init(&out, 1u << 20);
    make_installation(state);
    add_manifests(state, &out);
    add_ownership(state, &out);
    add_dropins(state, &out);
    add_discovery(state, &out);
    add_policy(state, &out);
    add_quarantine(state, &out);
    add_selections(state, &out);
    if (getenv("BEACON_REGENERATE") != NULL) {
        write_text(GOLDEN, text_string(&out));
        assert_int_equal(chmod(GOLDEN, 0644), 0);
    }
    assert_string_equal(text_string(&out), read_text(GOLDEN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {in_temp_dir(the_refusals_read_as_agreed)};
    return cmocka_run_group_tests_name("plugin/refusals", tests, NULL, NULL);
}
