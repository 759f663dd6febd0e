// The admin's own commands, as a table: what a client may know about each, and the function
// that runs it. (PING, HELLO and their like are in resp/basic_commands.h.)
#pragma once

#include <span>
#include <string_view>

#include "admin/admin_session.h"
#include "resp/command_spec.h"

namespace doris::admin {

struct Command {
  using Handler = void (*)(AdminSession&, Args);

  resp::CommandSpec spec;
  Handler handler;
  std::string_view usage = {};  // In DORIS.HELP; empty for what people do not type.
};

// Names are lower-case; the order is that of DORIS.HELP.
[[nodiscard]] std::span<const Command> command_table();

// The specs of these and of the basic commands.
[[nodiscard]] std::span<const resp::CommandSpec> command_specs();

// Runs the command that `args` names, or replies what is wrong with it, in Redis's words.
void run_any_command(AdminSession& session, Args args);

// Handlers, by theme. What routers and data servers send, cluster_commands.cpp:
void run_register(AdminSession& session, Args args);
void run_watch(AdminSession& session, Args args);
void run_pull(AdminSession& session, Args args);
void run_report(AdminSession& session, Args args);
// What people ask, operator_commands.cpp:
void run_help(AdminSession& session, Args args);
void run_status(AdminSession& session, Args args);
void run_nodes(AdminSession& session, Args args);
void run_topology(AdminSession& session, Args args);
void run_route(AdminSession& session, Args args);
void run_history(AdminSession& session, Args args);
void run_last_write(AdminSession& session, Args args);
// What people do, node_command.cpp:
void run_node(AdminSession& session, Args args);
// What goes on beside requests, verify_command.cpp:
void run_verify(AdminSession& session, Args args);
void run_tasks(AdminSession& session, Args args);
// What monitoring tools ask, info_command.cpp:
void run_info(AdminSession& session, Args args);

}  // namespace doris::admin
