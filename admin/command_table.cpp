#include "admin/command_table.h"

#include <algorithm>
#include <array>
#include <vector>

#include "admin/admin.h"
#include "resp/basic_commands.h"
#include "resp/words.h"

namespace doris::admin {
namespace {

// None of the commands here takes a key that is kept here.
constexpr resp::CommandSpec spec(std::string_view name, int arity, std::string_view summary) {
  return {name, arity, "admin", 0, 0, 0, "server", "7.0.0", summary};
}

constexpr std::array kCommands = {
    Command{spec("doris.status", 1, "does the cluster serve, and is everything there twice?"),
            run_status, "DORIS.STATUS"},
    Command{spec("doris.nodes", 1, "the data servers: where and how they are, what they own"),
            run_nodes, "DORIS.NODES"},
    Command{spec("doris.route", 2, "on which servers and shards a key lives"), run_route,
            "DORIS.ROUTE key"},
    Command{spec("doris.history", -1, "what has changed, when and why, the newest first"),
            run_history, "DORIS.HISTORY [count]"},
    Command{spec("doris.topology", 1, "the topology as routers and data servers read it"),
            run_topology, "DORIS.TOPOLOGY"},
    Command{spec("doris.node", -1, "takes a data server out of service, or another in its place"),
            run_node,
            "DORIS.NODE FAIL node [FORCE] | RECOVER node | REPLACE node standby [FORCE] | "
            "STANDBY node"},
    Command{spec("doris.tasks", 1, "what is being moved or compared, and when it will end"),
            run_tasks, "DORIS.TASKS"},
    Command{
        spec("doris.verify", -1, "compares both copies of everything; REPAIR mends what differs"),
        run_verify, "DORIS.VERIFY [REPAIR] | STATUS | STOP"},
    Command{spec("doris.lastwrite", 1,
                 "what this connection's last write got: version and copies (ask a router)"),
            run_last_write, "DORIS.LASTWRITE"},
    Command{spec("doris.help", 1, "this list"), run_help, "DORIS.HELP"},
    Command{spec("doris.register", -3, "lets a data server or a router into the cluster"),
            run_register},
    Command{spec("doris.watch", 4, "waits for a newer topology"), run_watch},
    Command{spec("doris.pull", 2, "a newer topology, if there is one"), run_pull},
    Command{spec("doris.report", 6, "says that a data server does not answer"), run_report},
    Command{spec("info", -1, "facts about this program, for monitoring"), run_info},
};

}  // namespace

std::span<const Command> command_table() {
  return kCommands;
}

std::span<const resp::CommandSpec> command_specs() {
  static const std::vector<resp::CommandSpec> specs = [] {
    const auto basic = resp::basic_command_specs();
    std::vector<resp::CommandSpec> all(basic.begin(), basic.end());
    for (const Command& command : kCommands)
      all.push_back(command.spec);
    return all;
  }();
  return specs;
}

void run_any_command(AdminSession& session, Args args) {
  const resp::CommandSpec* const admitted = resp::admit_command(session, command_specs(), args);
  if (admitted == nullptr) return;
  Admin& admin = session.admin();
  const resp::BasicFacts facts = {admin.clock(), admin.settings().config, Program::kAdmin,
                                  "doris-admin", command_specs()};
  if (resp::run_basic_command(session, session.id(), facts, args)) return;
  const auto command = std::ranges::find(kCommands, admitted->name,
                                         [](const Command& each) { return each.spec.name; });
  DORIS_CHECK(command != kCommands.end(), "a command that was admitted is in one of the tables");
  command->handler(session, args);
}

}  // namespace doris::admin
