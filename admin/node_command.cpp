// DORIS.NODE FAIL|RECOVER|REPLACE|STANDBY: what operators do to data servers.
#include <fmt/format.h>

#include "admin/admin.h"
#include "admin/command_table.h"
#include "admin/node_operations.h"
#include "resp/words.h"

namespace doris::admin {
namespace {

constexpr std::string_view kUsage =
    "ERR DORIS.NODE takes FAIL node [FORCE], RECOVER node, REPLACE node standby [FORCE], or "
    "STANDBY node";

// The operation that `args` ask for; nothing if they are not well formed.
std::optional<Result<Change>> plan(Admin& admin, Args args) {
  if (args.size() < 3) return std::nullopt;
  const topology::Topology& topology = admin.store().topology();
  const FactsOf facts = [&admin](const topology::Node& node) { return admin.facts(node); };
  const auto is = [&](std::string_view word, size_t words) {
    return resp::equals_ignoring_case(args[1], word) && args.size() == words;
  };
  const bool force = resp::equals_ignoring_case(args.back(), "force");
  const size_t forced = force ? 1 : 0;
  if (is("fail", 3 + forced)) return hold_node(topology, args[2], facts, force);
  if (is("recover", 3)) return release_node(topology, args[2]);
  if (is("standby", 3)) return make_standby(topology, args[2]);
  if (is("replace", 4 + forced)) {
    return replace_node(topology, args[2], args[3], admin.settings().rules, facts, force);
  }
  return std::nullopt;
}

}  // namespace

void run_node(AdminSession& session, Args args) {
  auto change = plan(session.admin(), args);
  if (!change.has_value()) {
    session.error(kUsage);
    return;
  }
  if (!session.admin().store().topology().formed()) {
    session.error("NOTREADY the cluster is forming, and no node owns anything yet");
    return;
  }
  const Status done =
      session.admin().carry_out(*std::move(change), fmt::format("operator at {}", session.peer()));
  if (done.ok()) {
    session.answer().simple("OK");
  } else {
    session.error(fmt::format("ERR {}", done.message()));
  }
}

}  // namespace doris::admin
