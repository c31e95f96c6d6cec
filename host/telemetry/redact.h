/* redact.h - what of a value may leave: decided by its class, before any exporter sees it.
 *
 * Content is replaced by "[REDACTED]" unless a person switched it on; what passes is cut at 800
 * characters; and a known secret never passes, wherever it stands. Used by record.c. Thread: [main].
 */
#ifndef HOST_TELEMETRY_REDACT_H
#define HOST_TELEMETRY_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REDACT_CHARS_MAX   800
#define REDACT_CUT_MARK    "...[truncated]"
#define REDACT_HIDDEN      "[REDACTED]"
#define REDACT_SECRET_MIN  8 /* bytes; shorter ones would blank out ordinary words */
#define REDACT_VALUE_BYTES ((size_t)REDACT_CHARS_MAX * 4 + sizeof REDACT_CUT_MARK) /* at most */

enum redact_action { REDACT_PASS, REDACT_HIDE, REDACT_DROP };

struct redact;
struct text;

/* Passes every class but CONTENT, which is hidden. */
struct redact *redact_create(void);
void redact_destroy(struct redact *redact); /* wipes the secrets; NULL is fine */

void redact_set(struct redact *redact, uint32_t cls, enum redact_action action);
void redact_add_secret(struct redact *redact, const char *secret); /* copied; NULL is fine */

/* Append what may be told of the value; `n` bytes of valid UTF-8. False: nothing, not even that there
 * is a value. Classes unknown to this host are dropped. */
bool redact_text(const struct redact *redact, uint32_t cls, const char *p, size_t n,
                 struct text *out);

/* May a number or a boolean of this class be told? */
bool redact_passes(const struct redact *redact, uint32_t cls);

#endif
