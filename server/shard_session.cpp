#include "server/shard_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/guard.h"
#include "base/limits.h"
#include "resp/errors.h"
#include "resp/words.h"
#include "server/large_command.h"

namespace doris::server {
namespace {

using resp::parse_integer;

}  // namespace

struct ShardSession::Command {
  std::string_view name;
  size_t args_min;  // Its own name included.
  size_t args_max;
  void (ShardSession::*run)(Args);
};

ShardSession::ShardSession(std::unique_ptr<net::Stream> stream, Shard& shard, uint64_t id)
    : PacedSession(shard.loop(), std::move(stream), shard.options().limits),
      shard_(shard),
      id_(id),
      heard_at_(shard.loop().now()) {}

// The most frequent first: a linear search over so few is the fastest there is.
const ShardSession::Command* ShardSession::find(std::string_view name) {
  static constexpr Command kCommands[] = {
      {"VGET", 3, 3, &ShardSession::run_get},
      {"VSET", 7, 8, &ShardSession::run_set},
      {"VRMW", 7, 7, &ShardSession::run_update},
      {"VHAS", 3, 3, &ShardSession::run_has},
      {"VDEL", 5, 6, &ShardSession::run_del},
      {"VSETTLE", 3, 3, &ShardSession::run_settle},
      {"VWAIT", 4, 4, &ShardSession::run_wait},
      {"VBASE", 4, 4, &ShardSession::run_base},
      {"VCOUNT", 3, 3, &ShardSession::run_count},
      {"DORIS.LINK", 4, 4, &ShardSession::run_link},
      {"DORIS.ADOPT", 2, 2, &ShardSession::run_adopt},
      {"PING", 1, 1, &ShardSession::run_ping},
      {"DORIS.PEER", 4, 4, &ShardSession::run_peer},
      {"VDIGEST", 2, kRequestArgsMax, &ShardSession::run_digest},
      {"VKEYS", 4, 4, &ShardSession::run_keys},
      {"VFETCH", 3, kRequestArgsMax, &ShardSession::run_fetch},
      {"VHELD", 3, kRequestArgsMax, &ShardSession::run_held},
      {"VRECLAIM", 5, 5, &ShardSession::run_reclaim},
      {"VSHARE", 8, 8, &ShardSession::run_share},
      {"VLOGREAD", 6, 6, &ShardSession::run_log_read},
      {"VLOGDROP", 5, 5, &ShardSession::run_log_drop},
  };
  for (const Command& command : kCommands) {
    if (resp::equals_ignoring_case(command.name, name)) return &command;
  }
  return nullptr;
}

void ShardSession::on_command(Args args) {
  const LargeCommand large(LargeCommand::bytes_of(args), shard_.stats());
  const Command* command = find(args[0]);
  if (command == nullptr) {
    reply().error(
        fmt::format("{}(this is a data server's shard port: it speaks to routers; "
                    "DORIS.RECORD on the control port shows a key)",
                    resp::unknown_command(args)));
  } else if (args.size() < command->args_min || args.size() > command->args_max) {
    reply().error(resp::wrong_arity(command->name));
  } else {
    (this->*command->run)(args);
  }
  shard_.stats().steps.add();
  finish_command();
}

TimePoint::duration ShardSession::silence(TimePoint now) {
  if (std::exchange(heard_bytes_, received()) != received()) heard_at_ = now;
  return now - heard_at_;
}

bool ShardSession::join_batch() {
  if (marked()) return false;
  mark();
  return true;
}

// ---- What comes before data ----------------------------------------------------------

// DORIS.LINK cluster epoch writer
void ShardSession::run_link(Args args) {
  const Standing& standing = shard_.standing();
  topology::Epoch epoch = 0;
  uint32_t writer = 0;
  if (!parse_integer(args[2], epoch) || epoch == 0 || !parse_integer(args[3], writer) ||
      writer == 0 || (writer & resp::Version::kRaisedBit) != 0) {
    reply().error("ERR DORIS.LINK takes a cluster, an epoch and a writer id");
    return;
  }
  if (!standing.cluster.empty() && args[1] != standing.cluster) {
    reply().error(fmt::format("WRONGCLUSTER {} belongs to cluster {}", shard_.options().name,
                              standing.cluster));
    return;
  }
  shard_.fence(*this, writer);
  shard_.unsettled().on_linked(writer);
  writer_ = writer;
  epoch_ = epoch;
  held_up_ = false;
  refused_.clear();
  if (!agrees()) {
    epoch_ = 0;
    return;
  }
  reply()
      .array(3)
      .integer(static_cast<int64_t>(epoch))
      .integer(static_cast<int64_t>(shard_.clock_seen()))
      .integer(static_cast<int64_t>(shard_.options().incarnation));
}

// DORIS.ADOPT topology
void ShardSession::run_adopt(Args args) {
  // The answer comes in a later pass, and a session that waits for it cannot be rewound.
  shard_.commit_now();
  if (marked()) return;  // That failed: this command, too, runs again at the end of the pass.
  await_answer();
  shard_.host().adopt_topology(
      std::string(args[1]), [&shard = shard_, id = id_](const resp::Value& reply) {
        shard.loop().post([&shard, id, reply] {
          shard.with_session(id, [&](ShardSession& session) { session.answer(reply); });
        });
      });
}

void ShardSession::run_ping(Args) {
  reply().simple("PONG");
}

bool ShardSession::agrees() {
  const Standing& standing = shard_.standing();
  if (epoch_ == 0) {
    reply().error("NOLINK send DORIS.LINK first");
  } else if (epoch_ > standing.epoch && !standing.cluster.empty()) {
    reply().error(
        fmt::format("BEHINDEPOCH {} this node has not seen epoch {}", standing.epoch, epoch_));
  } else if (!standing.ready()) {
    reply().error(fmt::format("NOTREADY {}: {}", shard_.options().name, standing.not_ready));
  } else if (epoch_ < standing.epoch && guarded(Guard::kOlderEpochsRefused)) {
    reply().error(
        fmt::format("STALEEPOCH {} this connection speaks for epoch {}", standing.epoch, epoch_));
  } else {
    return true;
  }
  return false;
}

bool ShardSession::may_serve() {
  return may_answer() && !refuses_held_up();
}

bool ShardSession::refuses_held_up() {
  if (!held_up_) return false;
  reply().error(fmt::format("NOTREADY {}: what updates have made and is not settled is too much",
                            shard_.options().name));
  return true;
}

bool ShardSession::may_answer() {
  if (!agrees()) return false;
  const std::string& refusal = shard_.refusal_of_all();
  if (!refusal.empty()) reply().error(refusal);
  return refusal.empty();
}

bool ShardSession::read_vnode(std::string_view word, topology::Vnode& vnode) {
  if (parse_integer(word, vnode) && vnode < shard_.standing().table->vnodes()) return true;
  reply().error(fmt::format("ERR not a vnode: '{}'", word));
  return false;
}

// Whether this shard has a replica of the vnode.
bool ShardSession::holds(topology::Vnode vnode) {
  const Standing& standing = shard_.standing();
  const uint8_t shard = shard_.options().index;
  if (standing.owns() &&
      standing.table->replica(vnode, standing.group) == topology::Replica{standing.self, shard}) {
    return true;
  }
  reply().error(fmt::format("WRONGNODE vnode {} is not in {} in epoch {}", vnode,
                            shard_.options().name, standing.epoch));
  return false;
}

// Whether the replicas here may be read: they hold every acknowledged write.
bool ShardSession::is_up() {
  const Standing& standing = shard_.standing();
  if (standing.is_up()) return true;
  reply().error(
      fmt::format("WRONGNODE {} is not up in epoch {}", shard_.options().name, standing.epoch));
  return false;
}

bool ShardSession::read_key(std::string_view vnode, std::string_view key, KeyRef& ref) {
  if (!read_vnode(vnode, ref.vnode)) return false;
  if (key.size() > kKeyBytesMax) {
    reply().error(fmt::format("ERR the key is too long: a key has at most {} bytes", kKeyBytesMax));
    return false;
  }
  ref.physical_key = key;
  return true;
}

// ---- Reads ---------------------------------------------------------------------------

// VGET vnode key
void ShardSession::run_get(Args args) {
  KeyRef key{};
  if (!may_serve() || !read_key(args[1], args[2], key)) return;
  if (!holds(key.vnode) || !is_up()) return;
  shard_.stats().reads.add();
  if (shard_.batch_open()) shard_.join_batch(*this);
  const Result<std::optional<RecordView>> found = shard_.store().read(key);
  if (!found.ok()) {
    reply().error(shard_.refusal(found.status()));
    return;
  }
  if (!found->has_value()) {
    reply().null();
    return;
  }
  RecordView record = **found;
  std::string kept;
  if (shard_.is_doubtful(record.header.version)) {
    kept = record.value;
    record.value = kept;
    if (!renew(key, record.header, kept)) return;
  }
  const bool unsettled = begin_unsettled(key, record.header.version);
  if (record.header.live(shard_.now_ms())) {
    reply().bulk(record.value);
  } else {
    reply().null();
  }
  if (unsettled) end_unsettled(record.header.version);
}

// VHAS vnode key
void ShardSession::run_has(Args args) {
  KeyRef key{};
  if (!may_serve() || !read_key(args[1], args[2], key)) return;
  if (!holds(key.vnode) || !is_up()) return;
  shard_.stats().reads.add();
  if (shard_.batch_open()) shard_.join_batch(*this);
  const Result<std::optional<RecordHeader>> found = shard_.store().read_header(key);
  if (!found.ok()) {
    reply().error(shard_.refusal(found.status()));
    return;
  }
  RecordHeader header = found->value_or(RecordHeader{.tombstone = true});
  if (shard_.is_doubtful(header.version) && !renew_found(key, header)) return;
  const bool unsettled = found->has_value() && begin_unsettled(key, header.version);
  reply().integer(header.live(shard_.now_ms()) ? 1 : 0);
  if (unsettled) end_unsettled(header.version);
}

bool ShardSession::begin_unsettled(const KeyRef& key, const resp::Version& version) {
  if (!guarded(Guard::kReadersWait)) return false;
  if (shard_.unsettled().is_settled(key.physical_key, version)) return false;
  reply().array(2);
  return true;
}

void ShardSession::end_unsettled(const resp::Version& version) {
  char bytes[resp::Version::kBytes];
  version.encode(bytes);
  reply().bulk({bytes, sizeof(bytes)});
}

// VWAIT vnode key version: whether what was read in this version may be shown by now. Nil: who asks
// has to read anew.
void ShardSession::run_wait(Args args) {
  KeyRef key{};
  resp::Version version;
  if (!read_question(args, key, version) || !is_up()) return;
  const Result<bool> undone = may_be_undone(key, version);
  if (!undone.ok()) {
    reply().error(shard_.refusal(undone.status()));
    return;
  }
  if (*undone) {
    reply().null();
    return;
  }
  answer_question(key, version, shard_.unsettled().is_settled(key.physical_key, version));
}

// Whether what was read in this version is not known any more for another reason than that it was
// settled: a replica that is not the primary forgets what others overtake there.
Result<bool> ShardSession::may_be_undone(const KeyRef& key, const resp::Version& version) {
  const bool is_known =
      shard_.unsettled().find(resp::write_id(key.physical_key, version)) != nullptr;
  if (is_known || shard_.orders(key.vnode)) return false;
  const Result<std::optional<RecordHeader>> held = shard_.store().read_header(key);
  if (!held.ok()) return held.status();
  return !held->has_value() || (**held).version != version;
}

// VBASE vnode key version: whether an update that rests on this version may be spread by now.
void ShardSession::run_base(Args args) {
  KeyRef key{};
  resp::Version version;
  if (!read_question(args, key, version)) return;
  const TimePoint deadline = shard_.loop().now() - resp::kOrphanGrace;
  answer_question(key, version, shard_.unsettled().is_final(key.physical_key, version, deadline));
}

void ShardSession::answer_question(const KeyRef& key, const resp::Version& version, bool yes) {
  if (!yes) shard_.want_settled(key, version);
  reply().integer(yes ? 1 : 0);
}

// "vnode key version" of VWAIT and VBASE.
bool ShardSession::read_question(Args args, KeyRef& key, resp::Version& version) {
  if (!may_answer() || !read_key(args[1], args[2], key) || !holds(key.vnode)) return false;
  if (args[3].size() != resp::Version::kBytes) {
    reply().error(fmt::format("ERR {} takes a vnode, a key and a version of 16 bytes", args[0]));
    return false;
  }
  version = resp::Version::decode(args[3].data());
  // What the batch has forgotten comes back if it fails.
  if (shard_.batch_open()) shard_.join_batch(*this);
  return true;
}

// VCOUNT namespace databases
void ShardSession::run_count(Args args) {
  if (!may_serve() || !is_up()) return;
  size_t name_space = 0;
  size_t databases = 0;
  const auto& counts = shard_.store().live_keys();
  if (!parse_integer(args[1], name_space) || !parse_integer(args[2], databases)) {
    reply().error(resp::kNotAnInteger);
    return;
  }
  if (shard_.batch_open()) shard_.join_batch(*this);
  uint64_t keys = name_space < counts.size() ? counts[name_space] : 0;
  if (name_space == 0) {
    // "100:foo" looks like a key of namespace 100; where none such can be selected it is a
    // key like any other.
    for (size_t i = std::max<size_t>(databases, 1); i < counts.size(); ++i)
      keys += counts[i];
  }
  reply().integer(static_cast<int64_t>(keys));
}

}  // namespace doris::server
