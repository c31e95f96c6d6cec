/* SPDX-License-Identifier: Apache-2.0
 *
 * floor - the least a program in C can do for the same work: the same requests by libcurl, the same
 * fork and exec, nothing else. What the benches hold the host against.
 *
 *     floor turn URL BODY                one request, the answer read to its end
 *     floor tools URL BODY N CMD         N times: a request, then `/bin/bash -lc CMD`; one more request
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t answer_bytes;

static size_t on_data(char *data, size_t size, size_t n, void *ctx)
{
    (void)data;
    (void)ctx;
    answer_bytes += size * n;
    return size * n;
}

static void fail(const char *what)
{
    (void)fprintf(stderr, "floor: %s\n", what);
    exit(1);
}

static void ask(CURL *curl)
{
    CURLcode rc = curl_easy_perform(curl);
    if (rc != CURLE_OK) {
        fail(curl_easy_strerror(rc));
    }
}

static char *read_file(const char *path)
{
    static char body[1u << 20];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail("cannot open the body");
    }
    size_t n = fread(body, 1, sizeof body - 1, file);
    body[n] = '\0';
    (void)fclose(file);
    return body;
}

static void run(const char *cmd)
{
    int ends[2];
    if (pipe(ends) != 0) {
        fail("pipe");
    }
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], 1);
        (void)dup2(ends[1], 2);
        (void)close(ends[0]);
        (void)execl("/bin/bash", "/bin/bash", "-lc", cmd, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    char buffer[4096];
    while (read(ends[0], buffer, sizeof buffer) > 0) {
    }
    (void)close(ends[0]);
    (void)waitpid(pid, NULL, 0);
}

static CURL *prepare(const char *url, const char *body)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Accept: text/event-stream");
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    return curl;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fail("usage: floor turn URL BODY | floor tools URL BODY N CMD");
    }
    CURL *curl = prepare(argv[2], read_file(argv[3]));
    int n = argc >= 6 && strcmp(argv[1], "tools") == 0 ? atoi(argv[4]) : 0;
    for (int i = 0; i < n; i++) {
        ask(curl);
        run(argv[5]);
    }
    ask(curl);
    (void)printf("%zu\n", answer_bytes);
    curl_easy_cleanup(curl);
    return 0;
}
