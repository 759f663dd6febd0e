// DORIS.HELP and what it lists: what people ask the admin, directly or through a router.
#include <fmt/format.h>

#include "admin/admin.h"
#include "admin/command_table.h"
#include "admin/map_builder.h"
#include "admin/operator_views.h"
#include "resp/errors.h"
#include "resp/words.h"

namespace doris::admin {
namespace {

constexpr uint64_t kHistoryDefault = 20;
constexpr uint64_t kHistoryMax = 1000;

}  // namespace

void run_help(AdminSession& session, Args) {
  std::vector<resp::Value> rows;
  for (const Command& command : command_table()) {
    if (command.usage.empty()) continue;
    rows.push_back(
        MapBuilder().add("command", command.usage).add("tells", command.spec.summary).take());
  }
  session.show(resp::Value::array(std::move(rows)));
}

void run_status(AdminSession& session, Args) {
  session.show(status_view(session.admin().scene()));
}

void run_nodes(AdminSession& session, Args) {
  session.show(nodes_view(session.admin().scene()));
}

// The text itself, since that is what the cluster works by and what a test can compare.
void run_topology(AdminSession& session, Args) {
  session.show(lines_view(session.admin().store().text()));
}

void run_route(AdminSession& session, Args args) {
  const Result<resp::Value> route = route_view(session.admin().scene(), args[1]);
  if (route.ok()) {
    session.show(*route);
  } else {
    session.error(fmt::format("NOTREADY {}", route.status().message()));
  }
}

void run_history(AdminSession& session, Args args) {
  uint64_t count = kHistoryDefault;
  if (args.size() > 2) {
    session.error(resp::wrong_arity("doris.history"));
    return;
  }
  if (args.size() == 2 &&
      (!resp::parse_integer(args[1], count) || count < 1 || count > kHistoryMax)) {
    session.error(fmt::format("ERR the number of entries is not 1 to {}", kHistoryMax));
    return;
  }
  const Result<std::vector<JournalEntry>> entries = session.admin().store().history(count);
  if (entries.ok()) {
    session.show(history_view(*entries));
  } else {
    session.error(fmt::format("ERR {}", entries.status().message()));
  }
}

// Listed here since DORIS.HELP has one list; who writes is connected to a router, and that answers.
void run_last_write(AdminSession& session, Args) {
  session.error("ERR DORIS.LASTWRITE is about what a router's client has written: ask a router");
}

}  // namespace doris::admin
