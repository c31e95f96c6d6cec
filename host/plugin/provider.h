/* provider.h - the adapter between the agent and plugins of kind provider.
 *
 * Behind these functions every slot exists, every struct has the host's size and every error has a
 * message and a hint, whatever version of the header the plugin was built with. Events reach the
 * agent checked: FINISH comes once and last, ITEM_BEGIN and ITEM_DONE have a part, USAGE has a
 * usage, spans are sound, codes unknown to this host are left out.
 * Called by agent/. Thread: [main], except provider_stream(), which is [worker].
 */
#ifndef HOST_PLUGIN_PROVIDER_H
#define HOST_PLUGIN_PROVIDER_H

#include <beacon/provider.h>
#include <stdbool.h>

struct plugin_set; /* discover.h */
struct provider;
struct provider_exchange;

/* One configured instance of `component` ("responses", or "com.acme.llm:acme"). `config_json` is the
 * instance's JSON object without secrets; NULL means {}. NOT_FOUND names the providers there are.
 * *ret is the caller's, for provider_close(); `set` must outlive it. */
int provider_open(struct plugin_set *set, const char *component, const char *config_json,
                  struct provider **ret, struct beacon_error *err);
void provider_close(struct provider *provider); /* exchanges first; NULL is fine */

const char *provider_plugin_id(const struct provider *provider); /* for reports */

/* Parts carrying `opaque` may be sent to a provider only when its namespace equals the one they came
 * from. Never NULL; a plugin that names none gets its own id. */
const char *provider_opaque_ns(const struct provider *provider);

/* Form B, own transport: use provider_stream() on a worker instead of exchanges. */
bool provider_is_blocking(const struct provider *provider);

/* -1 = unknown. */
int64_t provider_count_tokens(const struct provider *provider, const struct beacon_turn *turn);

/* The built-in catalogue; sizes as the host's, spans borrowed for the call of `out`. */
int provider_models(const struct provider *provider, const struct beacon_models_sink *out);

/* One turn over form A. The plugin copies what it keeps of `turn`; NULL lists models. *ret is the
 * caller's, for provider_exchange_close(), which is also how it is cancelled. */
int provider_exchange_open(struct provider *provider, const struct beacon_turn *turn,
                           struct provider_exchange **ret, struct beacon_error *err);

/* What to do next. ret->http (kind HTTP) is borrowed until the next call on the exchange. */
int provider_exchange_poll(struct provider_exchange *exchange, struct beacon_action *ret,
                           struct beacon_error *err);

/* The answer, as it arrives. Events go to `events` during the call; when its emit() returns an error
 * that error is returned here, even if the plugin swallowed it. After any failure: judge, close.
 * `err` may be NULL when nobody reads it. */
int provider_exchange_on_response(struct provider_exchange *exchange,
                                  const struct beacon_http_response *response,
                                  const struct beacon_events *events, struct beacon_error *err);
int provider_exchange_on_frame(struct provider_exchange *exchange, struct beacon_str event,
                               struct beacon_bytes data, const struct beacon_events *events,
                               struct beacon_error *err);
int provider_exchange_on_end(struct provider_exchange *exchange, uint32_t how,
                             const struct beacon_events *events, struct beacon_error *err);

/* What the plugin makes of the failure; ret->message is borrowed until the exchange is closed. */
void provider_exchange_judge(struct provider_exchange *exchange, struct beacon_verdict *ret);
void provider_exchange_close(struct provider_exchange *exchange); /* NULL is fine */

/* [worker] One turn over form B, blocking; returns within 250 ms of a cancel. On failure *ret is the
 * plugin's verdict, its message borrowed until the provider is closed. */
int provider_stream(struct provider *provider, const struct beacon_turn *turn,
                    const struct beacon_events *events, const struct beacon_cancel *cancel,
                    struct beacon_verdict *ret, struct beacon_error *err);

#endif
