/* checks.h - the functions behind the rows of check_table.c, by group. Each runs in the process of one
 * check. */
#ifndef SDK_CHECK_CHECKS_H
#define SDK_CHECK_CHECKS_H

struct check_case;

/* S */
void check_static_note(struct check_case *c);
void check_static_texts(struct check_case *c);
void check_static_capabilities(struct check_case *c);
void check_static_exports(struct check_case *c);
void check_static_imports(struct check_case *c);
void check_static_needed(struct check_case *c);
void check_static_search_path(struct check_case *c);
void check_static_relro(struct check_case *c);
void check_static_stack(struct check_case *c);
void check_static_pages(struct check_case *c);
void check_static_pic(struct check_case *c);

/* L */
void check_load_maps(struct check_case *c);
void check_load_loads(struct check_case *c);
void check_load_agrees(struct check_case *c);
void check_load_entry(struct check_case *c);
void check_load_tables(struct check_case *c);
void check_load_files(struct check_case *c);
void check_load_sockets(struct check_case *c);
void check_load_threads(struct check_case *c);
void check_load_output(struct check_case *c);
void check_load_environment(struct check_case *c);
void check_load_cwd(struct check_case *c);
void check_load_umask(struct check_case *c);
void check_load_locale(struct check_case *c);
void check_load_signals(struct check_case *c);
void check_load_facets(struct check_case *c);
void check_load_newer_host(struct check_case *c);
void check_load_older_host(struct check_case *c);
void check_load_unloads(struct check_case *c);

/* C */
void check_cycle_creates(struct check_case *c);
void check_cycle_leaks(struct check_case *c);
void check_cycle_no_memory(struct check_case *c);
void check_cycle_short_errors(struct check_case *c);
void check_config_schema(struct check_case *c);
void check_config_missing(struct check_case *c);
void check_config_wrong_type(struct check_case *c);
void check_config_huge(struct check_case *c);
void check_config_garbage(struct check_case *c);

/* P */
void check_request_repeats(struct check_case *c);
void check_request_prefix(struct check_case *c);
void check_request_injection(struct check_case *c);
void check_request_origin(struct check_case *c);
void check_request_credentials(struct check_case *c);
void check_request_hard_text(struct check_case *c);
void check_request_huge(struct check_case *c);
void check_replay_events(struct check_case *c);
void check_replay_usage(struct check_case *c);
void check_replay_chunks(struct check_case *c);
void check_replay_truncated(struct check_case *c);
void check_replay_cancel(struct check_case *c);
void check_replay_refused(struct check_case *c);
void check_replay_opaque(struct check_case *c);
void check_struct_short(struct check_case *c);
void check_struct_long(struct check_case *c);
void check_judge_table(struct check_case *c);
void check_judge_garbage(struct check_case *c);
void check_judge_models(struct check_case *c);
void check_exchange_leaks(struct check_case *c);
void check_exchange_no_memory(struct check_case *c);
void check_stream_events(struct check_case *c);
void check_stream_cancel(struct check_case *c);
void check_stream_refused(struct check_case *c);

/* X */
void check_plan_probe(struct check_case *c);
void check_plan_promise(struct check_case *c);
void check_plan_ordinary(struct check_case *c);
void check_plan_unknown_bits(struct check_case *c);
void check_plan_refused(struct check_case *c);
void check_plan_leaks(struct check_case *c);
void check_plan_no_memory(struct check_case *c);
void check_plan_short_structs(struct check_case *c);
void check_plan_long_structs(struct check_case *c);
void check_plan_diagnose(struct check_case *c);
void check_canary_fs_write(struct check_case *c);
void check_canary_fs_read(struct check_case *c);
void check_canary_net(struct check_case *c);
void check_canary_proc(struct check_case *c);
void check_canary_ipc(struct check_case *c);
void check_canary_syscalls(struct check_case *c);
void check_canary_exec(struct check_case *c);
void check_canary_old_kernel(struct check_case *c);

/* A */
void check_auth_status(struct check_case *c);
void check_auth_empty(struct check_case *c);
void check_auth_never_prompts(struct check_case *c);
void check_auth_rejected(struct check_case *c);
void check_auth_secret(struct check_case *c);
void check_auth_line_ends(struct check_case *c);
void check_auth_cancel(struct check_case *c);
void check_auth_login(struct check_case *c);
void check_auth_once(struct check_case *c);
void check_credential_threads(struct check_case *c);
void check_credential_processes(struct check_case *c);
void check_credential_wipes(struct check_case *c);
void check_credential_leaks(struct check_case *c);
void check_credential_no_memory(struct check_case *c);
void check_credential_short_structs(struct check_case *c);

/* T */
void check_telemetry_batches(struct check_case *c);
void check_telemetry_records(struct check_case *c);
void check_telemetry_huge(struct check_case *c);
void check_telemetry_replies(struct check_case *c);
void check_telemetry_repeats(struct check_case *c);
void check_telemetry_long_structs(struct check_case *c);
void check_telemetry_secret(struct check_case *c);
void check_exporter_deadline(struct check_case *c);
void check_exporter_cancelled(struct check_case *c);
void check_exporter_leaks(struct check_case *c);
void check_exporter_no_memory(struct check_case *c);

#endif
