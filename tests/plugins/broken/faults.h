/* faults.h - the ways in which provider.c can be wrong; FAULT is the one it is compiled with. */
#ifndef TESTS_PLUGINS_BROKEN_FAULTS_H
#define TESTS_PLUGINS_BROKEN_FAULTS_H

#include <beacon-sdk/json_write.h>
#include <beacon-sdk/sized.h>
#include <beacon-sdk/text.h>
#include <beacon/provider.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAULT_NONE             0
#define FAULT_EXPORT           1
#define FAULT_IMPORT           2
#define FAULT_TEXT_RELOCATION  3
#define FAULT_WRITABLE_CODE    4
#define FAULT_DECLINES         10
#define FAULT_SECOND_TABLE     11
#define FAULT_VERSION          12
#define FAULT_TABLE            13
#define FAULT_LOAD_FAILS       14
#define FAULT_LOAD_FILE        15
#define FAULT_LOAD_SOCKET      16
#define FAULT_LOAD_THREAD      17
#define FAULT_LOAD_OUTPUT      18
#define FAULT_LOAD_ENVIRONMENT 19
#define FAULT_LOAD_CWD         20
#define FAULT_LOAD_UMASK       21
#define FAULT_LOAD_LOCALE      22
#define FAULT_LOAD_SIGNAL      23
#define FAULT_FACET_PREFIX     24
#define FAULT_OLDER_HOST       25
#define FAULT_NEWER_HOST       26
#define FAULT_UNLOAD           27
#define FAULT_ENDLESS          28
#define FAULT_EXITS            29
#define FAULT_SCHEMA_TEXT      30
#define FAULT_CREATE_FAILS     31
#define FAULT_LEAK             32
#define FAULT_CONFIG_MISSING   33
#define FAULT_CONFIG_TYPE      34
#define FAULT_CONFIG_HUGE      35
#define FAULT_CONFIG_WORDS     36
#define FAULT_WHOLE_ERROR      37
#define FAULT_UNCHECKED_MEMORY 38
#define FAULT_HEADER_INJECTION 50
#define FAULT_OPAQUE           51
#define FAULT_TEXT             52
#define FAULT_GRAMMAR          53
#define FAULT_SINK             54
#define FAULT_TRUNCATED        55
#define FAULT_JUDGE            56
#define FAULT_ORDER            57
#define FAULT_PREFIX           58
#define FAULT_ORIGIN           59
#define FAULT_CREDENTIAL       60
#define FAULT_USAGE_ZERO       61
#define FAULT_HUGE_TEXT        63
#define FAULT_RAW              64
#define FAULT_CLOSE_LEAKS      65
#define FAULT_WHOLE_VERDICT    66
#define FAULT_MODELS           67
#define FAULT_LONG_TURN        68
#define FAULT_GARBAGE          69
#define FAULT_EXCHANGE_MEMORY  70
#define FAULT_CLOSE_EARLY      71

#ifndef FAULT
#define FAULT FAULT_NONE
#endif
#define FAULT_IS(which)               (FAULT == (which))
#define FAULT_IF(which, wrong, right) (FAULT_IS(which) ? (wrong) : (right))
#define FAULT_NAMES_KEY(key)          (key)
#define FAULT_SCHEMA(right)           FAULT_IF(FAULT_SCHEMA_TEXT, "{\"type\":", right)
#define FAULT_ENTRY(plugins)          fault_entry(plugins)
#define FAULT_SAME_ID(id, known)      fault_same_id(id, known)
#define FAULT_AT_CREATE(config, e)                                                                 \
    do {                                                                                           \
        const beacon_rc fault_rc = fault_at_create(config, e);                                     \
        if (fault_rc != BEACON_OK)                                                                 \
            return fault_rc;                                                                       \
    } while (0)
#define FAULT_AT_DESTROY(inst)                                                                     \
    do {                                                                                           \
        if (!FAULT_IS(FAULT_LEAK))                                                                 \
            free(inst);                                                                            \
    } while (0)
#define FAULT_AT_LOAD(host, e)                                                                     \
    do {                                                                                           \
        const beacon_rc fault_rc = fault_at_load(host, e);                                         \
        if (fault_rc != BEACON_OK)                                                                 \
            return fault_rc;                                                                       \
    } while (0)
#define FAULT_AT_UNLOAD()        fault_at_unload()
#define FAULT_AT_BODY_END(out)   fault_at_body_end(out)
#define FAULT_TEXT_OF(text)      FAULT_IF(FAULT_HUGE_TEXT, beacon_utf8_cut(text, 1000), text)
#define FAULT_AT_BODY(out, turn) fault_at_body(out, turn)
#define FAULT_AT_CLOSE(x)                                                                          \
    do {                                                                                           \
        if (!FAULT_IS(FAULT_CLOSE_LEAKS))                                                          \
            free(x);                                                                               \
    } while (0)
#define FAULT_AT_FRAME(data) fault_at_frame(data)
#define FAULT_AT_JUDGE(out)                                                                        \
    do {                                                                                           \
        if (FAULT_IS(FAULT_WHOLE_VERDICT))                                                         \
            memset((char *)(out) + sizeof(uint32_t), 0, sizeof *(out) - sizeof(uint32_t));         \
    } while (0)
/* A struct of a later host, believed to be as long as it says. */
#define FAULT_COPY_TURN(local, turn)                                                               \
    do {                                                                                           \
        BEACON_COPY_IN(local, turn);                                                               \
        if (FAULT_IS(FAULT_LONG_TURN) && (turn)->struct_size > sizeof(local))                      \
            (local).n_messages = 0;                                                                \
    } while (0)
#define FAULT_URL(right)                                                                           \
    FAULT_IF(FAULT_ORIGIN, BEACON_STR("https://elsewhere.example.net/v1"), right)
#define FAULT_HEADER                                                                               \
    FAULT_IF(FAULT_CREDENTIAL,                                                                     \
             ((struct beacon_kv){BEACON_STR("authorization"), BEACON_STR("Bearer none")}),         \
             ((struct beacon_kv){{NULL, 0}, {NULL, 0}}))
#define FAULT_UNKNOWN_COUNT FAULT_IF(FAULT_USAGE_ZERO, 0, -1)

static inline const struct beacon_plugin *fault_entry(const struct beacon_plugin *plugins)
{
    static size_t n_calls;
    n_calls++;
    if (FAULT_IS(FAULT_DECLINES)) {
        return NULL;
    }
    return &plugins[FAULT_IS(FAULT_SECOND_TABLE) && n_calls > 1 ? 1 : 0];
}

static inline int fault_same_id(const char *id, const char *known)
{
    return FAULT_IF(FAULT_FACET_PREFIX, strncmp(id, known, strlen(known)), strcmp(id, known)) == 0;
}

static inline beacon_rc fault_at_create(struct beacon_str config, struct beacon_error *e)
{
    if (FAULT_IS(FAULT_EXITS)) {
        _exit(0);
    }
    if (FAULT_IS(FAULT_CREATE_FAILS)) {
        return BEACON_E_INTERNAL;
    }
    if (FAULT_IS(FAULT_WHOLE_ERROR) && config.n < 8) {
        memset((char *)e + sizeof(uint32_t), 0, sizeof *e - sizeof(uint32_t));
    }
    return BEACON_OK;
}

#if FAULT == FAULT_EXPORT
__attribute__((visibility("default"))) int broken_helper(void);
int broken_helper(void)
{
    return 1;
}
#endif

/* A number that stands where it must not: in code that has to be relocated, or that can be written. */
#if FAULT == FAULT_TEXT_RELOCATION
__asm__(".text\n.globl fault_word\n.hidden fault_word\nfault_word:\n.quad fault_word\n");
extern const char fault_word;
#elif FAULT == FAULT_WRITABLE_CODE
__asm__(".section .both,\"awx\",%progbits\n.globl fault_word\n.hidden fault_word\n"
        "fault_word:\n.quad 0\n.text\n");
extern const char fault_word;
#else
static const char fault_word;
#endif

#if FAULT == FAULT_LOAD_THREAD
static void *fault_thread(void *nothing)
{
    (void)pause();
    return nothing;
}
#endif

#if FAULT == FAULT_LOAD_SIGNAL
static void fault_handler(int number)
{
    (void)number;
}
#endif

static inline void fault_in_process(void)
{
    (void)*(const volatile char *)&fault_word;
#if FAULT == FAULT_IMPORT
    const char *const home = getenv("HOME"); /* without the capability env: */
    (void)home;
#elif FAULT == FAULT_ENDLESS
    for (;;) {
        (void)*(const volatile char *)&fault_word;
    }
#elif FAULT == FAULT_LOAD_FILE || FAULT == FAULT_UNLOAD
    (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
#elif FAULT == FAULT_LOAD_SOCKET
    (void)socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
#elif FAULT == FAULT_LOAD_THREAD
    pthread_t thread;
    (void)pthread_create(&thread, NULL, fault_thread, NULL);
#elif FAULT == FAULT_LOAD_OUTPUT
    ssize_t n = write(STDOUT_FILENO, "hello\n", 6);
    (void)n;
#elif FAULT == FAULT_LOAD_ENVIRONMENT
    (void)setenv("BROKEN", "yes", 1);
#elif FAULT == FAULT_LOAD_CWD
    (void)!chdir("/");
#elif FAULT == FAULT_LOAD_UMASK
    (void)umask(0);
#elif FAULT == FAULT_LOAD_LOCALE
    (void)setlocale(LC_ALL, "C.UTF-8");
#elif FAULT == FAULT_LOAD_SIGNAL
    (void)signal(SIGUSR1, fault_handler);
#endif
}

static inline beacon_rc fault_at_load(const struct beacon_host *host, struct beacon_error *e)
{
    const volatile char *behind = (const volatile char *)host + sizeof *host;
    (void)e;
    if (FAULT_IS(FAULT_OLDER_HOST)) {
        (void)*behind;
    }
    if (FAULT_IS(FAULT_LOAD_FAILS) ||
        (FAULT_IS(FAULT_NEWER_HOST) && host->struct_size != sizeof *host)) {
        return BEACON_E_UNSUPPORTED;
    }
    if (!FAULT_IS(FAULT_UNLOAD)) {
        fault_in_process();
    }
    return BEACON_OK;
}

static inline void fault_at_unload(void)
{
    if (FAULT_IS(FAULT_UNLOAD)) {
        fault_in_process();
    }
}

static inline void fault_at_body(struct beacon_json_out *out, const struct beacon_turn *turn)
{
    if (FAULT_IS(FAULT_PREFIX)) {
        beacon_json_key(out, "length");
        beacon_json_put_int(out, (int64_t)turn->n_messages);
    }
}

static inline void fault_at_body_end(struct beacon_json_out *out)
{
    static int64_t counter;
    if (FAULT_IS(FAULT_ORDER)) {
        beacon_json_key(out, "number");
        beacon_json_put_int(out, ++counter);
    }
}

static inline void fault_at_frame(struct beacon_bytes data)
{
    if (FAULT_IS(FAULT_GARBAGE) && data.n == 0) {
        abort();
    }
}

#endif
