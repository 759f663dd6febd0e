// What other data servers ask of a shard: to recover, and to compare.
#include <fmt/format.h>

#include <string>

#include "base/limits.h"
#include "resp/errors.h"
#include "resp/words.h"
#include "server/peer_dialect.h"
#include "server/shard_session.h"
#include "server/write_rule.h"

namespace doris::server {
namespace {

using resp::parse_integer;

// What one page may hold, so that requests of clients are answered in between.
constexpr size_t kPageRecordsMax = 512;
constexpr size_t kPageBytesMax = 256UL * 1024;

}  // namespace

// DORIS.PEER cluster epoch node
//
// As DORIS.LINK, but nothing is fenced: what a data server writes is put-if-newer.
void ShardSession::run_peer(Args args) {
  const Standing& standing = shard_.standing();
  topology::Epoch epoch = 0;
  if (!parse_integer(args[2], epoch) || epoch == 0) {
    reply().error("ERR DORIS.PEER takes a cluster, an epoch and a node's name");
    return;
  }
  if (args[1] != standing.cluster) {
    reply().error(fmt::format("WRONGCLUSTER {} belongs to cluster {}", shard_.options().name,
                              standing.cluster));
    return;
  }
  epoch_ = epoch;
  if (agrees()) {
    reply().simple("OK");
  } else {
    epoch_ = 0;
  }
}

// VDIGEST vnode [vnode ...]
//
// A write of an earlier epoch that is not settled may have reached the peer by an update log,
// where it would not be known as such: whoever compares waits until it is settled.
void ShardSession::run_digest(Args args) {
  if (!may_serve()) return;
  std::vector<topology::Vnode> vnodes(args.size() - 1);
  for (size_t i = 0; i < vnodes.size(); ++i) {
    if (!read_vnode(args[i + 1], vnodes[i]) || !holds(vnodes[i])) return;
  }
  const auto waiting = shard_.unsettled().vnodes_before(shard_.standing().epoch);
  for (const topology::Vnode vnode : vnodes) {
    if (!waiting.contains(vnode)) continue;
    reply().error(fmt::format("UNSETTLED vnode {} has a write that is still under way", vnode));
    return;
  }
  if (shard_.batch_open()) shard_.join_batch(*this);
  reply().array(vnodes.size());
  for (const topology::Vnode vnode : vnodes) {
    resp::Writer out = reply();
    write_summary(out, {shard_.store().digest(vnode), shard_.store().floor(vnode)});
  }
}

bool ShardSession::is_settled(const KeyRef& key, const RecordView& record) const {
  return shard_.unsettled().is_settled(key.physical_key, record.header.version);
}

// VKEYS vnode from count
//
// What is not settled is named, and VFETCH leaves it out: its writer brings it to the peer itself,
// and a copy that came by another way would be shown there too early. But the peer waits for it,
// since it may lack what was there before.
void ShardSession::run_keys(Args args) {
  topology::Vnode vnode = 0;
  size_t count = 0;
  if (!may_serve() || !read_vnode(args[1], vnode) || !holds(vnode)) return;
  if (!parse_integer(args[3], count) || count == 0) {
    reply().error(resp::kNotAnInteger);
    return;
  }
  if (shard_.batch_open()) shard_.join_batch(*this);
  Buffer items;
  resp::Writer out(items, resp::Protocol::kResp2);
  size_t found = 0;
  const resp::Version floor = shard_.store().floor(vnode);
  const Page page{args[2], std::min(count, kPageRecordsMax), kPageBytesMax};
  const auto next = shard_.store().scan(
      vnode, page, Content::kHeaders, [&](const KeyRef& key, const RecordView& record) {
        const resp::Version& version = record.header.version;
        const bool settled = is_settled(key, record);
        if (settled && counts_as_absent(record.header, floor)) return;
        ++found;
        if (settled) {
          write_key(out, key.physical_key, version, record.header.live(shard_.now_ms()));
        } else {
          write_unsettled_key(out, key.physical_key, version);
        }
      });
  if (!next.ok()) {
    reply().error(shard_.refusal(next.status()));
    return;
  }
  resp::Writer head = reply();
  head.array(2 + 2 * found).bulk(*next);
  write_version(head, floor);
  output().append(items.view());
}

// VHELD vnode key [key ...]: settled or not, but for what counts as absent.
void ShardSession::run_held(Args args) {
  KeyRef key{};
  if (!may_serve() || !read_key(args[1], args[2], key) || !holds(key.vnode)) return;
  if (shard_.batch_open()) shard_.join_batch(*this);
  Buffer items;
  resp::Writer out(items, resp::Protocol::kResp2);
  for (const std::string_view each : args.subspan(2)) {
    key.physical_key = each;
    const auto header = shard_.store().read_header(key);
    if (!header.ok()) {
      reply().error(shard_.refusal(header.status()));
      return;
    }
    const bool holds_it =
        header->has_value() && !counts_as_absent(**header, shard_.store().floor(key.vnode));
    if (holds_it) {
      write_version(out, (**header).version);
    } else {
      out.null();
    }
  }
  reply().array(args.size() - 2);
  output().append(items.view());
}

// VRECLAIM vnode floor expired-by from: raises the floor, and reclaims a page of the vnode.
void ShardSession::run_reclaim(Args args) {
  topology::Vnode vnode = 0;
  int64_t expired_by_ms = 0;
  if (!may_serve() || !read_vnode(args[1], vnode) || !holds(vnode) || !is_up()) return;
  if (args[2].size() != resp::Version::kBytes || !parse_integer(args[3], expired_by_ms)) {
    reply().error("ERR VRECLAIM takes a vnode, a version of 16 bytes, a time and a position");
    return;
  }
  if (const std::string refusal = shard_.refusal_of_writes(); !refusal.empty()) {
    reply().error(refusal);
    return;
  }
  shard_.join_batch(*this);
  size_t before = 0;
  std::string next;
  const Status reclaimed = shard_.add_to_batch([&](Store& store) -> Status {
    DORIS_RETURN_IF_ERROR(store.raise_floor(vnode, resp::Version::decode(args[2].data())));
    before = store.batch_writes();
    const Page page{args[4], kPageRecordsMax, kPageBytesMax};
    auto position = store.reclaim(vnode, page, expired_by_ms);
    if (!position.ok()) return position.status();
    next = *std::move(position);
    return Status::okay();
  });
  if (!reclaimed.ok()) {
    reply().error(shard_.refusal(reclaimed));
    return;
  }
  const auto records = static_cast<int64_t>(shard_.store().batch_writes() - before);
  shard_.stats().reclaimed.add(records);
  reply().array(2).bulk(next).integer(records);
}

// VFETCH vnode key [key ...]
void ShardSession::run_fetch(Args args) {
  KeyRef key{};
  if (!may_serve() || !read_key(args[1], args[2], key) || !holds(key.vnode)) return;
  if (shard_.batch_open()) shard_.join_batch(*this);
  Buffer items;
  resp::Writer out(items, resp::Protocol::kResp2);
  size_t found = 0;
  for (const std::string_view each : args.subspan(2)) {
    key.physical_key = each;
    const auto record = shard_.store().read(key);
    if (!record.ok()) {
      reply().error(shard_.refusal(record.status()));
      return;
    }
    if (record->has_value() && is_settled(key, **record)) {
      write_record(out, (**record).header, (**record).value);
    } else {
      out.null();
    }
    ++found;
    if (items.size() > kPageBytesMax) break;  // The peer asks again for the rest.
  }
  reply().array(found);
  output().append(items.view());
}

// VSHARE vnode key version kind expires value notices: from the primary, what it has of the key.
void ShardSession::run_share(Args args) {
  KeyRef key{};
  RecordCopy record;
  if (!may_serve() || !read_key(args[1], args[2], key) || !read_shared(args, record)) return;
  const auto notices = read_notices(args[7]);
  if (!notices.ok()) {
    reply().error(fmt::format("ERR {}", notices.status().message()));
    return;
  }
  if (!may_hold(key, record.header.version)) return;
  if (const std::string refusal = shard_.refusal_of_writes(); !refusal.empty()) {
    reply().error(refusal);
    return;
  }
  shard_.join_batch(*this);
  for (const UnsettledWrites::Notice& notice : *notices)
    shard_.unsettled().add_shared(key, notice, shard_.loop().now());
  if (const Status taken = shard_.add_copy(key.vnode, record, Role::kCopy); !taken.ok()) {
    reply().error(shard_.refusal(taken));
    return;
  }
  reply().simple("OK");
  shard_.commit_if_full();
}

bool ShardSession::read_shared(Args args, RecordCopy& record) {
  RecordHeader& header = record.header;
  const bool is_dead = args[4] == "T";
  if (args[3].size() != resp::Version::kBytes || (!is_dead && args[4] != "V") ||
      !parse_integer(args[5], header.expires_at_ms) || header.expires_at_ms < 0) {
    reply().error(
        "ERR VSHARE takes a vnode, a key, a version of 16 bytes, T or V, when it expires, a value "
        "and notices");
    return false;
  }
  header.tombstone = is_dead;
  record.key = args[2];
  record.value = args[6];
  return read_version(args[3], header.version);
}

// VLOGREAD target shards shard from count: of the log of `target`, what its shard `shard` of
// `shards` is to have.
void ShardSession::run_log_read(Args args) {
  if (!may_serve()) return;
  topology::NodeId target = 0;
  uint32_t shards = 0;
  uint32_t shard = 0;
  size_t count = 0;
  if (!parse_integer(args[1], target) || !parse_integer(args[2], shards) || shards == 0 ||
      !parse_integer(args[3], shard) || !parse_integer(args[5], count) || count == 0) {
    reply().error(resp::kNotAnInteger);
    return;
  }
  if (shard_.batch_open()) shard_.join_batch(*this);
  Buffer items;
  resp::Writer out(items, resp::Protocol::kResp2);
  size_t found = 0;
  const Page page{args[4], std::min(count, kPageRecordsMax), kPageBytesMax};
  const auto next =
      shard_.store().log_scan(target, page, [&](const KeyRef& key, const RecordView& record) {
        if (key.vnode % shards != shard) return;
        write_log_item(out, key.vnode, key.physical_key, record.header, record.value);
        ++found;
      });
  if (!next.ok()) {
    reply().error(shard_.refusal(next.status()));
    return;
  }
  reply().array(1 + found).bulk(*next);
  output().append(items.view());
}

// VLOGDROP target vnode key version
void ShardSession::run_log_drop(Args args) {
  KeyRef key{};
  topology::NodeId target = 0;
  if (!may_serve() || !read_key(args[2], args[3], key)) return;
  if (!parse_integer(args[1], target) || args[4].size() != resp::Version::kBytes) {
    reply().error("ERR VLOGDROP takes a node id, a vnode, a key and a version of 16 bytes");
    return;
  }
  if (const std::string refusal = shard_.refusal_of_writes(); !refusal.empty()) {
    reply().error(refusal);
    return;
  }
  shard_.join_batch(*this);
  const Result<bool> dropped =
      shard_.store().log_drop(target, key, resp::Version::decode(args[4].data()));
  if (!dropped.ok()) {
    shard_.fail_batch(dropped.status());
    reply().error(shard_.refusal(dropped.status()));
    return;
  }
  reply().integer(*dropped ? 1 : 0);
  shard_.commit_if_full();
}

}  // namespace doris::server
