// The router's commands, as a table: what Redis clients may know about each (CommandSpec:
// name, arity, flags, key positions) and the function that runs it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "resp/command_spec.h"
#include "router/client_session.h"

namespace doris::router {

struct Command {
  using Handler = void (*)(ClientSession&, Args);

  resp::CommandSpec spec;
  Handler handler;
  // MULTI is not supported: what follows it is refused, so that nothing of a transaction
  // runs outside one. These end or leave the refusal.
  bool runs_in_refused_transaction = false;
};

// All commands; names are lower-case.
[[nodiscard]] std::span<const Command> command_table();

// nullptr if unknown. `name` in any case.
[[nodiscard]] const Command* find_command(std::string_view name);

// Redis's own answers to what is not in the table.
void refuse_unknown(ClientSession& session, Args args);

inline constexpr std::string_view kTransactionRefused =
    "EXECABORT Doris does not support MULTI; this command was refused so that it does not run "
    "outside the transaction. Send EXEC or DISCARD to go on";

// Handlers, by theme: data_commands.cpp,
void run_get(ClientSession& session, Args args);
void run_exists(ClientSession& session, Args args);
void run_mget(ClientSession& session, Args args);
void run_mset(ClientSession& session, Args args);
void run_dbsize(ClientSession& session, Args args);
// update_commands.cpp,
void run_set(ClientSession& session, Args args);
void run_setnx(ClientSession& session, Args args);
void run_getset(ClientSession& session, Args args);
void run_append(ClientSession& session, Args args);
void run_del(ClientSession& session, Args args);
void run_getdel(ClientSession& session, Args args);
void run_incr(ClientSession& session, Args args);
void run_decr(ClientSession& session, Args args);
void run_incrby(ClientSession& session, Args args);
void run_decrby(ClientSession& session, Args args);
// connection_commands.cpp,
void run_ping(ClientSession& session, Args args);
void run_echo(ClientSession& session, Args args);
void run_quit(ClientSession& session, Args args);
void run_select(ClientSession& session, Args args);
void run_hello(ClientSession& session, Args args);
void run_auth(ClientSession& session, Args args);
void run_reset(ClientSession& session, Args args);
void run_multi(ClientSession& session, Args args);
void run_exec(ClientSession& session, Args args);
// client_commands.cpp,
void run_client(ClientSession& session, Args args);
// cluster_commands.cpp,
void refuse_cluster(ClientSession& session, Args args);
void run_cluster(ClientSession& session, Args args);
// service_commands.cpp.
void run_info(ClientSession& session, Args args);
void run_command(ClientSession& session, Args args);
void run_config(ClientSession& session, Args args);
void run_time(ClientSession& session, Args args);
void run_last_write(ClientSession& session, Args args);
void run_doris(ClientSession& session, Args args);

}  // namespace doris::router
