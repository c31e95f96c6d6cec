/* minisign.h - signatures made by the program minisign, verified against the keys an admin trusts.
 *
 * A key is the text behind the comment of a .pub file: 56 characters that begin with RW. A signature
 * file has four lines: an untrusted comment, the signature, a trusted comment, and a global signature
 * that covers the trusted comment. Both kinds are read: prehashed with BLAKE2b-512 ("ED", what
 * minisign makes) and over the bytes themselves ("Ed", minisign -l). Nothing of a file that does not
 * verify as a whole is believed. Thread: [any].
 */
#ifndef HOST_PLUGIN_MINISIGN_H
#define HOST_PLUGIN_MINISIGN_H

#include <beacon/error.h>
#include <stddef.h>
#include <stdint.h>

#define MINISIGN_SUFFIX         ".minisig" /* behind the name of what is signed */
#define MINISIGN_FILE_MAX_BYTES 20000      /* of a signature file: twice what minisign writes */

struct policy_signer; /* policy.h */

struct minisign_key {
    uint8_t id[8];
    uint8_t public_key[32];
};

/* The text of a public key. INVALID says what is wrong with it. */
int minisign_key_parse(const char *text, struct minisign_key *ret, struct beacon_error *err);

/* What is said to be signed: all its bytes, what errors call it, and where its signature is. */
struct minisign_subject {
    const char *name;
    const void *bytes;
    size_t n;
    const char *signature_path;
};

/* Has one of these signers signed it? *ret_signer (may be NULL) is the name of that one, borrowed
 * from it. NOT_FOUND: there is no signature file. POLICY: it is damaged, by another key, or of other
 * bytes. IO. */
int minisign_verify(const struct policy_signer *signers, size_t n_signers,
                    const struct minisign_subject *subject, const char **ret_signer,
                    struct beacon_error *err);

/* The same with the text of the signature file in memory; signature_path is only its name. */
struct minisign_text {
    const char *data;
    size_t n;
};
int minisign_verify_text(const struct policy_signer *signers, size_t n_signers,
                         const struct minisign_subject *subject, struct minisign_text text,
                         const char **ret_signer, struct beacon_error *err);

#endif
