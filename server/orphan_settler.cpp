#include "server/orphan_settler.h"

#include <fmt/format.h>

#include "base/log.h"
#include "server/peer_dialect.h"
#include "server/shard.h"

namespace doris::server {
namespace {

const Log kLog("settler");

using topology::SecondCopy;

// Where the other copy of a vnode of ours is.
SecondCopy other_copy(const Standing& standing, topology::Vnode vnode) {
  const topology::RoutingTable& table = *standing.table;
  if (table.primary(vnode) == standing.group) return table.second_copy(vnode);
  const topology::Replica primary = table.replica(vnode, table.primary(vnode));
  return {SecondCopy::Kind::kReplica, primary, primary.node};
}

}  // namespace

OrphanSettler::OrphanSettler(net::Loop& loop, Random& random, Shard& shard,
                             const Standing& standing)
    : shard_(shard), standing_(standing), clients_(loop, random, standing_, shard.options().name) {}

void OrphanSettler::settle(const std::vector<UnsettledWrites::Orphan>& orphans) {
  for (const UnsettledWrites::Orphan& orphan : orphans) {
    if (!under_way_.contains(orphan.id)) settle(orphan);
  }
}

void OrphanSettler::settle(const UnsettledWrites::Orphan& orphan) {
  if (orphan.shared) {
    shard_.unsettled().settle(orphan.id);
    return;
  }
  const SecondCopy other = other_copy(standing_, orphan.vnode);
  if (other.kind == SecondCopy::Kind::kNowhere) return;
  RecordCopy record;
  record.key = orphan.key;
  const auto held = shard_.store().read({orphan.vnode, record.key});
  if (!held.ok()) return;
  if (!held->has_value()) {
    shard_.unsettled().settle(orphan.id);
    return;
  }
  // What has overtaken it brings it along, by its own writer or as an orphan itself. A write of
  // which the writer lives is not ours to spread: it may be an update that is evaluated again.
  const resp::Version& newest = (**held).header.version;
  if (newest != orphan.version) {
    if (shard_.unsettled().is_settled(record.key, newest)) shard_.unsettled().settle(orphan.id);
    return;
  }
  record.header = (**held).header;
  record.value = (**held).value;
  under_way_.insert(orphan.id);
  const std::string role =
      other.kind == SecondCopy::Kind::kLog ? fmt::format("L{}", other.target) : "S";
  clients_.at(other.where)
      .ask(write_command(orphan.vnode, record, role),
           [this, orphan](const Result<resp::Value>& reply) {
             under_way_.erase(orphan.id);
             if (reply.ok() || is_annulled(orphan, reply.status())) {
               shard_.unsettled().settle(orphan.id);
             } else {
               kLog.info("{}: a write without its router waits: {}", shard_.options().name,
                         reply.status().message());
             }
           });
}

// Whether the primary counts the key as deleted since after this write, which so comes too late. It
// is not settled, so nobody was shown it, nor told that it was done: it is taken back here.
bool OrphanSettler::is_annulled(const UnsettledWrites::Orphan& orphan, const Status& why) {
  if (!why.message().starts_with("BELOWFLOOR")) return false;
  resp::Version above = orphan.version;
  ++above.hlc;
  const Status dropped = shard_.add_to_batch([&](Store& store) {
    return store.drop({orphan.vnode, orphan.key}, above).status();
  });
  return dropped.ok() && shard_.commit_copies().ok();
}

}  // namespace doris::server
