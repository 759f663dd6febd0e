#include "server/verification.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/log.h"
#include "server/shard.h"

namespace doris::server {
namespace {

const Log kLog("verification");

constexpr size_t kSampleKeyBytes = 64;

// "b1 is temp-failed"
std::string whereabouts(const topology::RoutingTable& table, topology::NodeId node) {
  const topology::Node& other = *table.topology().find(node);
  return fmt::format("{} is {}", other.name, topology::node_state_name(other.state));
}

}  // namespace

Verification::Verification(net::Loop& loop, Random& random, Shard& shard, uint64_t id, bool repairs)
    : loop_(loop), random_(random), shard_(shard), repairs_(repairs), started_at_(loop.now()) {
  report_.id = id;
}

void Verification::go_on(const Standing& standing) {
  syncs_.clear();
  if (!standing.ready()) return;
  const bool is_first = !std::exchange(begun_, true);
  if (!standing.owns()) return;
  if (is_first) begin(standing);
  const topology::RoutingTable& table = *standing.table;
  const topology::Group other = topology::other_group(standing.group);
  const topology::Replica self{standing.self, shard_.options().index};
  std::map<topology::Replica, std::vector<topology::Vnode>> by_peer;
  for (auto at = left_.begin(); at != left_.end();) {
    const topology::Vnode vnode = *at;
    const bool ours = table.primary(vnode) == standing.group && table.served(vnode) &&
                      table.replica(vnode, standing.group) == self;
    if (ours && table.is_up(vnode, other)) {
      by_peer[table.replica(vnode, other)].push_back(vnode);
      ++at;
    } else {
      ++report_.skipped[ours ? whereabouts(table, table.replica(vnode, other).node)
                             : "their primary replica is another one now"];
      at = left_.erase(at);
    }
  }
  const auto purpose = repairs_ ? VnodeSync::Purpose::kRepair : VnodeSync::Purpose::kCompare;
  for (const auto& [where, vnodes] : by_peer) {
    const auto on_done = [this, peer = table.topology().find(where.node)->name](
                             topology::Vnode vnode, const auto& differences) {
      on_vnode_done(vnode, peer, differences);
    };
    syncs_.push_back(std::make_unique<VnodeSync>(
        loop_, shard_, make_peer_client(loop_, random_, standing, where, shard_.options().name),
        vnodes, VnodeSync::Aim{purpose}, VnodeSync::Callbacks{on_done}));
  }
}

// All vnodes of which this is the primary replica, or would be.
void Verification::begin(const Standing& standing) {
  const topology::RoutingTable& table = *standing.table;
  for (uint32_t v = 0; v < table.vnodes(); ++v) {
    const auto vnode = static_cast<topology::Vnode>(v);
    const topology::Replica self{standing.self, shard_.options().index};
    if (table.primary(vnode) == standing.group && table.replica(vnode, standing.group) == self) {
      left_.insert(vnode);
    }
  }
  report_.total = left_.size();
}

void Verification::on_vnode_done(topology::Vnode vnode, const std::string& peer,
                                 const std::vector<VnodeSync::Difference>& differences) {
  left_.erase(vnode);
  report_.differences += differences.size();
  if (repairs_) report_.mended += differences.size();
  const std::string& self = shard_.standing().table->topology().find(shard_.standing().self)->name;
  for (const VnodeSync::Difference& difference : differences) {
    const std::string& behind = difference.here ? self : peer;
    kLog.error("{}: vnode {}: key '{}' is missing or older at {}{}", shard_.options().name, vnode,
               difference.key, behind, repairs_ ? ", mended" : "");
    if (report_.samples.size() >= VerificationReport::kSamplesMax) continue;
    report_.samples.push_back(fmt::format("{} (vnode {}): missing or older at {}",
                                          difference.key.substr(0, kSampleKeyBytes), vnode,
                                          behind));
  }
}

VerificationReport Verification::report() const {
  VerificationReport report = report_;
  report.left = left_.size();
  report.elapsed = std::chrono::duration_cast<Millis>(loop_.now() - started_at_);
  return report;
}

}  // namespace doris::server
