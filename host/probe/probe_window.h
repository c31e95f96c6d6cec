/* probe_window.h - how much of a conversation a server on this machine really reads. Thread: [main]. */
#ifndef HOST_PROBE_PROBE_WINDOW_H
#define HOST_PROBE_PROBE_WINDOW_H

#include "probe/probe.h"

struct probe_window {   /* tokens; -1: the server does not say */
    int64_t loaded;     /* of the model as it runs now */
    int64_t configured; /* what it will be loaded with, as the model's own file says */
    int64_t largest;    /* what the model was made for */
};

/* `local` is the program behind request->url: "ollama", "llama.cpp", "lmstudio" or "vllm"; of any other all
 * is unknown. request->model names the model. A server that does not answer is no failure; else as
 * http_start(). */
int probe_window(const struct probe_request *request, const char *local, struct probe_window *ret,
                 struct beacon_error *err);

/* What the next request is read with; -1: unknown. */
int64_t probe_window_effective(const struct probe_window *window);

#endif
