/* SPDX-License-Identifier: Apache-2.0 */
#include "http/curl_source.h"

int curl_source_fill(struct curl_table *table, struct beacon_error *err)
{
    (void)err; /* a missing library keeps the program from starting */
    *table = (struct curl_table){
        .easy_init = curl_easy_init,
        .easy_cleanup = curl_easy_cleanup,
        .easy_setopt = curl_easy_setopt,
        .easy_getinfo = curl_easy_getinfo,
        .easy_strerror = curl_easy_strerror,
        .multi_init = curl_multi_init,
        .multi_cleanup = curl_multi_cleanup,
        .multi_setopt = curl_multi_setopt,
        .multi_add_handle = curl_multi_add_handle,
        .multi_remove_handle = curl_multi_remove_handle,
        .multi_socket_action = curl_multi_socket_action,
        .multi_assign = curl_multi_assign,
        .multi_info_read = curl_multi_info_read,
        .global_init = curl_global_init,
        .version_info = curl_version_info,
    };
    return BEACON_OK;
}

void curl_source_drop(void)
{
}
