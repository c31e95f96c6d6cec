/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/minisign.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "plugin/policy.h"

#define KEY_TEXT        56 /* base64 of algorithm, key id and public key */
#define KEY_BYTES       42
#define SIGNATURE_TEXT  100 /* base64 of algorithm, key id and signature */
#define SIGNATURE_BYTES 74
#define GLOBAL_TEXT     88
#define COMMENT         "untrusted comment: "
#define TRUSTED         "trusted comment: "
#define SIGN_AGAIN      "sign the file again: minisign -Sm FILE"

/* Exactly `size` bytes; anything else in the text is refused, padding and blanks included. */
static bool decode(const char *text, size_t n, uint8_t *out, size_t size)
{
    size_t got = 0;
    const char *end = NULL;
    return sodium_base642bin(out, size, text, n, NULL, &got, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           got == size && end == text + n;
}

int minisign_key_parse(const char *text, struct minisign_key *ret, struct beacon_error *err)
{
    uint8_t bytes[KEY_BYTES];
    if (strlen(text) != KEY_TEXT || !decode(text, KEY_TEXT, bytes, sizeof bytes) ||
        bytes[0] != 'E' || bytes[1] != 'd') {
        return error_set(
            err, BEACON_E_INVALID, "copy the second line of the .pub file that minisign -G wrote",
            "not a public key of minisign, which has %d characters and begins with RW", KEY_TEXT);
    }
    memcpy(ret->id, bytes + 2, sizeof ret->id);
    memcpy(ret->public_key, bytes + 2 + sizeof ret->id, sizeof ret->public_key);
    return BEACON_OK;
}

/* The parts of a signature file, decoded but not verified. */
struct signature {
    bool is_prehashed;
    uint8_t key_id[8];
    uint8_t bytes[crypto_sign_BYTES];
    const char *trusted_comment; /* borrowed from the text */
    size_t n_trusted_comment;
    uint8_t global[crypto_sign_BYTES];
};

struct line {
    const char *p;
    size_t n;
};

/* Take the next line off the text; a carriage return before its end is not part of it. */
static bool next_line(struct minisign_text *rest, struct line *ret)
{
    if (rest->n == 0) {
        return false;
    }
    const char *end = memchr(rest->data, '\n', rest->n);
    size_t n = end != NULL ? (size_t)(end - rest->data) : rest->n;
    size_t taken = end != NULL ? n + 1 : n;
    *ret = (struct line){rest->data, n > 0 && rest->data[n - 1] == '\r' ? n - 1 : n};
    rest->data += taken;
    rest->n -= taken;
    return true;
}

static bool begins_with(struct line line, const char *prefix)
{
    size_t n = strlen(prefix);
    return line.n >= n && memcmp(line.p, prefix, n) == 0;
}

/* NULL, or what is wrong with the text. */
static const char *parse(struct minisign_text text, struct signature *ret)
{
    struct line line[4];
    uint8_t bytes[SIGNATURE_BYTES];
    for (size_t i = 0; i < 4; i++) {
        if (!next_line(&text, &line[i])) {
            return "is truncated, it has less than four lines";
        }
    }
    if (text.n > 0) {
        return "has something behind its fourth line";
    }
    if (!begins_with(line[0], COMMENT) || !begins_with(line[2], TRUSTED)) {
        return "lacks the comments of its first and third line";
    }
    if (line[1].n != SIGNATURE_TEXT || !decode(line[1].p, line[1].n, bytes, sizeof bytes) ||
        bytes[0] != 'E' || (bytes[1] != 'D' && bytes[1] != 'd')) {
        return "has a second line that is none";
    }
    if (line[3].n != GLOBAL_TEXT ||
        !decode(line[3].p, line[3].n, ret->global, sizeof ret->global)) {
        return "has a fourth line that is none";
    }
    ret->is_prehashed = bytes[1] == 'D';
    memcpy(ret->key_id, bytes + 2, sizeof ret->key_id);
    memcpy(ret->bytes, bytes + 2 + sizeof ret->key_id, sizeof ret->bytes);
    ret->trusted_comment = line[2].p + strlen(TRUSTED);
    ret->n_trusted_comment = line[2].n - strlen(TRUSTED);
    return NULL;
}

static const struct policy_signer *signer_of(const struct policy_signer *signers, size_t n,
                                             const uint8_t id[8])
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(signers[i].key.id, id, sizeof signers[i].key.id) == 0) {
            return &signers[i];
        }
    }
    return NULL;
}

static bool is_content_signed(const struct signature *signature,
                              const struct minisign_subject *subject, const uint8_t *public_key)
{
    uint8_t hash[crypto_generichash_BYTES_MAX];
    if (!signature->is_prehashed) {
        return crypto_sign_verify_detached(signature->bytes, subject->bytes, subject->n,
                                           public_key) == 0;
    }
    return crypto_generichash(hash, sizeof hash, subject->bytes, subject->n, NULL, 0) == 0 &&
           crypto_sign_verify_detached(signature->bytes, hash, sizeof hash, public_key) == 0;
}

static bool is_comment_signed(const struct signature *signature, const uint8_t *public_key)
{
    AUTO_TEXT struct text signed_text;
    text_init(&signed_text, MINISIGN_FILE_MAX_BYTES + sizeof signature->bytes);
    return text_add(&signed_text, signature->bytes, sizeof signature->bytes) &&
           text_add(&signed_text, signature->trusted_comment, signature->n_trusted_comment) &&
           crypto_sign_verify_detached(signature->global,
                                       (const unsigned char *)text_string(&signed_text),
                                       signed_text.len, public_key) == 0;
}

/* The reason first: a long path may be cut. */
static int refuse(const struct minisign_subject *subject, const char *why, struct beacon_error *err)
{
    return error_set(err, BEACON_E_POLICY, SIGN_AGAIN, "the signature %s (%s)", why,
                     subject->signature_path);
}

int minisign_verify_text(const struct policy_signer *signers, size_t n_signers,
                         const struct minisign_subject *subject, struct minisign_text text,
                         const char **ret_signer, struct beacon_error *err)
{
    struct signature signature = {.is_prehashed = false};
    if (sodium_init() < 0) {
        return error_set(err, BEACON_E_INTERNAL, "report this", "libsodium does not start");
    }
    const char *wrong = text.n > MINISIGN_FILE_MAX_BYTES ? "is too long" : parse(text, &signature);
    if (wrong != NULL) {
        return refuse(subject, wrong, err);
    }
    const struct policy_signer *signer = signer_of(signers, n_signers, signature.key_id);
    if (signer == NULL) {
        return refuse(subject, "was made with a key that is not among the signers", err);
    }
    if (!is_content_signed(&signature, subject, signer->key.public_key)) {
        return refuse(subject, "is of other bytes, or was altered", err);
    }
    if (!is_comment_signed(&signature, signer->key.public_key)) {
        return refuse(subject, "has a trusted comment that was altered", err);
    }
    if (ret_signer != NULL) {
        *ret_signer = signer->name;
    }
    return BEACON_OK;
}

static int read_signature(const char *path, struct text *out, struct beacon_error *err)
{
    struct stat st;
    /* Not blocking: a FIFO in its place must not stop us. */
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return error_set_errno(err, errno == ENOENT ? BEACON_E_NOT_FOUND : BEACON_E_IO, errno,
                               SIGN_AGAIN, "there is no signature %s: %s", path, strerror(errno));
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return error_set(err, BEACON_E_IO, "remove it, and " SIGN_AGAIN,
                         "the signature %s is no regular file", path);
    }
    return io_read_all(fd, path, out, err);
}

int minisign_verify(const struct policy_signer *signers, size_t n_signers,
                    const struct minisign_subject *subject, const char **ret_signer,
                    struct beacon_error *err)
{
    AUTO_TEXT struct text text;
    text_init(&text, MINISIGN_FILE_MAX_BYTES);
    int rc = read_signature(subject->signature_path, &text, err);
    if (rc == BEACON_E_LIMIT) {
        return refuse(subject, "is too long", err);
    }
    if (rc != BEACON_OK) {
        return rc;
    }
    const struct minisign_text content = {text_string(&text), text.len};
    return minisign_verify_text(signers, n_signers, subject, content, ret_signer, err);
}
