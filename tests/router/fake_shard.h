// FakeShard: a data server's shard of memory only, behind the real dialect (resp/PROTOCOL.md,
// "Router to data server"), that a test can make late, unwilling, deaf and dead.
//
// It keeps versions as a shard does: a primary raises, a secondary keeps the highest, a write
// that it holds already is done. Of updates it knows SET, SETNX, INCRBY, APPEND and DEL, and those
// that it has done. It writes down every command on data in the order in which it ran them,
// whether it refused them or not.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/topology/topology_codec.h"
#include "resp/session.h"
#include "resp/version.h"
#include "resp/words.h"
#include "resp/write_id.h"
#include "tests/support/fake_loop.h"

namespace doris::router::test {

inline std::string bytes_of(const resp::Version& version) {
  std::string bytes(resp::Version::kBytes, '\0');
  version.encode(bytes.data());
  return bytes;
}

class FakeShard {
 public:
  using Args = std::span<const std::string_view>;

  struct Record {
    resp::Version version;
    std::optional<std::string> value;  // None: a tombstone.
    bool operator==(const Record&) const = default;
  };

  FakeShard(testing::FakeLoop& loop, uint16_t port, topology::Epoch at_epoch)
      : epoch(at_epoch), loop_(loop), port_(port) {
    come_back();
  }

  // ---- How it is. A test may change all of it at any time. ----

  topology::Epoch epoch;
  bool ready = true;
  bool disk_full = false;
  bool has_room_then = false;  // After a write that it refuses.
  bool answers = true;         // Else commands take effect, and nobody is told.
  bool stalls_after_link = false;
  bool adopts = true;        // Else it refuses DORIS.ADOPT.
  bool settles = true;       // Else reads find what they find unsettled, and so does VWAIT.
  bool forgets = false;      // Then VWAIT asks for another read.
  bool bases_final = true;   // Else effects of updates rest on what they found, and wait for it.
  resp::Version final_base;  // Of those that are not final, this one is.
  std::string nonsense;      // If not empty, the answer to every command on data.
  std::function<void(Args)> on_command;  // Before each is run.
  std::map<std::string, Record> records;
  resp::Version floor;                         // What is absent counts as deleted in this one.
  std::map<std::string, Record> log;           // Of all targets: "target key".
  std::map<std::string, std::string> done;     // Answers to updates, by the id of the operation.
  std::map<std::string, resp::Version> blind;  // Other writes, likewise.
  int64_t live_keys = 0;                       // What VCOUNT answers.
  uint64_t clock_seen = 0;                     // What DORIS.LINK answers..
  uint64_t incarnation = 1;                    // ..of another process when it has restarted.

  // ---- What it was asked ----

  std::vector<std::string> asked;       // "VSET P k 1": without vnode, version and expiry.
  std::vector<resp::Version> proposed;  // The versions of the writes among them.
  std::vector<std::string> links;       // "cluster epoch writer"
  int adoptions = 0;
  size_t settled = 0;  // Ids that VSETTLE has brought.
  size_t abandoned = 0;

  // What was asked since the last call.
  std::vector<std::string> take_asked() { return std::exchange(asked, {}); }

  // ---- Its connections ----

  // Reads no more until go_on(): what arrives waits.
  void stall() {
    stalled_ = true;
    for (const auto& session : sessions_)
      session->hold();
  }
  void go_on() {
    stalled_ = false;
    for (const auto& session : sessions_)
      session->release();
  }

  // Cuts every connection. What was answered before and has not left is lost.
  void drop() { sessions_.clear(); }

  // The process is gone; its records are on the disk.
  void leave() {
    drop();
    listener_.reset();
  }
  void come_back() {
    auto listener = loop_.listen({"127.0.0.1", port_}, [this](auto accepted) {
      auto stream = loop_.adopt(std::move(accepted));
      sessions_.push_back(std::make_unique<Connection>(std::move(*stream), *this));
      if (stalled_) sessions_.back()->hold();
      sessions_.back()->start();
    });
    DORIS_CHECK(listener.ok(), "nobody else listens there");
    listener_ = std::move(*listener);
  }

  [[nodiscard]] size_t connections() const {
    return static_cast<size_t>(std::count_if(sessions_.begin(), sessions_.end(),
                                             [](const auto& each) { return !each->ended(); }));
  }

 private:
  class Connection final : public resp::Session {
   public:
    Connection(std::unique_ptr<net::Stream> stream, FakeShard& shard)
        : resp::Session(std::move(stream), {64UL << 20, 64, 64 * 1024}), shard_(shard) {}
    topology::Epoch epoch = 0;
    std::string writer;
    bool refused = false;  // An ordered write, since DORIS.LINK: then all of them.

   private:
    void on_command(Args args) override { shard_.run(*this, args); }
    void on_ended(const Status&) override {}
    FakeShard& shard_;
  };

  void run(Connection& from, Args args) {
    if (on_command) on_command(args);
    const size_t before = from.output().size();
    if (args[0] == "DORIS.LINK") {
      link(from, args);
    } else if (args[0] == "DORIS.ADOPT") {
      adopt(from, args[1]);
    } else if (args[0] == "VSETTLE") {
      settled += args[1].size() / 8;
      abandoned += args[2].size() / 8;
      from.reply().simple("OK");
    } else {
      run_on_data(from, args);
    }
    if (!answers) from.output().truncate(before);
    from.flush_soon();
  }

  void link(Connection& from, Args args) {
    links.push_back(std::string(args[1]) + " " + std::string(args[2]) + " " + std::string(args[3]));
    for (const auto& other : sessions_) {
      if (other.get() != &from && other->writer == args[3] && !other->ended()) other->close();
    }
    from.writer = args[3];
    from.refused = false;
    (void)resp::parse_integer(args[2], from.epoch);
    if (!agrees(from)) {
      from.epoch = 0;
      return;
    }
    from.reply()
        .array(3)
        .integer(static_cast<int64_t>(epoch))
        .integer(static_cast<int64_t>(clock_seen))
        .integer(static_cast<int64_t>(incarnation));
    if (stalls_after_link) stall();
  }

  void adopt(Connection& from, std::string_view text) {
    ++adoptions;
    const auto topology = topology::decode(text);
    if (!adopts || !topology.ok()) {
      from.reply().error("ERR not adopted");
      return;
    }
    epoch = std::max(epoch, topology->epoch);
    from.reply().simple("OK");
  }

  // As a shard does it. One that is not ready forgets the link, so that nothing overtakes what
  // it has refused.
  bool agrees(Connection& from) {
    const std::string number = std::to_string(epoch);
    if (from.epoch == 0) {
      from.reply().error("NOLINK send DORIS.LINK first");
    } else if (from.epoch > epoch) {
      from.reply().error("BEHINDEPOCH " + number + " not seen yet");
    } else if (!ready) {
      from.epoch = 0;
      from.reply().error("NOTREADY not confirmed yet");
    } else if (from.epoch < epoch) {
      from.reply().error("STALEEPOCH " + number + " an old connection");
    } else {
      return true;
    }
    return false;
  }

  void run_on_data(Connection& from, Args args) {
    write_down(args);
    if (!agrees(from)) return;
    if (!nonsense.empty()) {
      from.output().append(nonsense);
    } else if (args[0] == "VGET" || args[0] == "VHAS") {
      read(from, args);
    } else if (args[0] == "VWAIT") {
      if (forgets) {
        from.reply().null();
      } else {
        from.reply().integer(settles ? 1 : 0);
      }
    } else if (args[0] == "VBASE") {
      const bool is_final = bases_final || resp::Version::decode(args[3].data()) == final_base;
      from.reply().integer(is_final ? 1 : 0);
    } else if (args[0] == "VCOUNT") {
      from.reply().integer(live_keys);
    } else if (refuses(from, args)) {
      from.reply().error("DISKFULL no room");
      disk_full = disk_full && !has_room_then;
    } else if (args[0] == "VRMW") {
      update(from, args);
    } else {
      write(from, args);
    }
  }

  bool refuses(Connection& from, Args args) const {
    if (args[0] != "VRMW" && args[1] != "P") return disk_full;
    from.refused = from.refused || disk_full;
    return from.refused;
  }

  void write_down(Args args) {
    const bool is_write = args[0] == "VSET" || args[0] == "VDEL";
    std::string text(args[0]);
    if (args[0] == "VRMW") {
      text.append(" ").append(args[2]).append(" ").append(args[5]).append(" ").append(args[6]);
      proposed.push_back(resp::Version::decode(args[3].data()));
    } else if (is_write) {
      text.append(" ").append(args[1]).append(" ").append(args[3]);
      proposed.push_back(resp::Version::decode(args[4].data()));
    } else {
      text.append(" ").append(args[args[0] == "VCOUNT" ? 1 : 2]);
    }
    if (args[0] == "VSET") text.append(" ").append(args[6].substr(0, 20));
    asked.push_back(std::move(text));
  }

  void read(Connection& from, Args args) {
    const auto found = records.find(std::string(args[2]));
    const bool live = found != records.end() && found->second.value;
    const bool unsettled = !settles && found != records.end();
    if (unsettled) from.reply().array(2);
    if (args[0] == "VHAS") {
      from.reply().integer(live ? 1 : 0);
    } else if (live) {
      from.reply().bulk(*found->second.value);
    } else {
      from.reply().null();
    }
    if (!unsettled) return;
    std::string version(resp::Version::kBytes, '\0');
    found->second.version.encode(version.data());
    from.reply().bulk(version);
  }

  void write(Connection& from, Args args) {
    Record next{resp::Version::decode(args[4].data()), {}};
    if (args[0] == "VSET") next.value = std::string(args[6]);
    const bool primary = args[1] == "P";
    if (next.version.epoch > epoch || (primary && next.version.epoch != epoch)) {
      from.reply().error("WRONGNODE the write says another epoch");
      return;
    }
    const bool logs = args[1].starts_with('L');
    Record& held = logs ? log[std::string(args[1].substr(1)) + " " + std::string(args[3])]
                        : records[std::string(args[3])];
    const bool existed = held.value.has_value();
    if (!logs && held.version.epoch == 0) held.version = floor;
    if (args[1] == "S" && held.version == floor && next.version < floor) {
      from.reply().error("BELOWFLOOR deleted since");
      return;
    }
    const bool is_new = next.version > held.version;
    const bool raise = primary && next.version < held.version;
    if (raise) next.version = held.version.raised_for(next.version);
    if (is_new || raise) held = next;
    if (!logs && (is_new || raise)) remember(args, next.version);
    if (!raise) {
      from.reply().integer(existed ? 1 : 0);
      return;
    }
    std::string answer(1 + resp::Version::kBytes, existed ? '1' : '0');
    next.version.encode(answer.data() + 1);
    from.reply().bulk(answer);
  }

  // By the id of the operation, as PROTOCOL.md says.
  void remember(Args args, const resp::Version& version) {
    const resp::WriteId id = resp::write_id(args[3], resp::Version::decode(args[4].data()));
    std::string bytes;
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<char>(id >> shift & 0xFF));
    blind[bytes] = version;
  }

  // "VRMW vnode key version operation update argument"
  void update(Connection& from, Args args) {
    const auto version = resp::Version::decode(args[3].data());
    if (version.epoch != epoch) {
      from.reply().error("WRONGNODE the write says another epoch");
      return;
    }
    const std::string key(args[2]);
    if (const auto known = done.find(std::string(args[4])); known != done.end()) {
      from.output().append(known->second);
      return;
    }
    const auto found = records.find(key);
    const Record before = found == records.end() ? Record{} : found->second;
    const auto known = blind.find(std::string(args[4]));
    if (known != blind.end() && known->second != before.version) {
      from.reply().array(1).bulk(bytes_of(known->second));
      return;
    }
    if (known != blind.end() && known->second == before.version) {
      answer_again(from, key, version);
      known->second = version;
      return;
    }
    const Outcome outcome = evaluate(args[5], std::string(args[6]), before.value);
    const size_t start = from.output().size();
    if (!outcome.changes) {
      const bool unsettled = !settles && before.version.epoch != 0;
      if (unsettled) from.reply().array(2);
      from.reply().value(outcome.reply);
      if (unsettled) from.reply().bulk(bytes_of(before.version));
      return;
    }
    Record& held = records[key];
    held.version = version > before.version ? version : before.version.raised_for(version);
    held.value = outcome.value;
    from.reply().array(6).value(outcome.reply).bulk(bytes_of(held.version)).integer(0);
    if (held.value) {
      from.reply().bulk(*held.value);
    } else {
      from.reply().null();
    }
    if (bases_final || before.version.epoch == 0) {
      from.reply().null();
    } else {
      from.reply().bulk(bytes_of(before.version));
    }
    from.reply().null();
    done[std::string(args[4])] = std::string(from.output().view().substr(start));
  }

  // A blind write that is proposed anew: what it wrote gets the new version, if it is there still.
  void answer_again(Connection& from, const std::string& key, const resp::Version& version) {
    Record& held = records[key];
    const resp::Version first = std::exchange(held.version, version);
    from.reply()
        .array(5)
        .bulk(bytes_of(version))
        .integer(0)
        .bulk(*held.value)
        .null()
        .bulk(bytes_of(first));
  }

  struct Outcome {
    resp::Value reply;
    bool changes = true;
    std::optional<std::string> value{};
  };

  static Outcome evaluate(std::string_view update, const std::string& argument,
                          const std::optional<std::string>& before) {
    if (update == "SETNX" && before) return {resp::Value::null(), false};
    if (update == "SET" || update == "SETNX") return {resp::Value::simple("OK"), true, argument};
    if (update == "DEL") return {resp::Value::of(before ? 1 : 0), before.has_value()};
    if (update == "APPEND") {
      const std::string value = before.value_or("") + argument;
      return {resp::Value::of(static_cast<int64_t>(value.size())), true, value};
    }
    int64_t number = 0;
    int64_t by = 0;
    (void)resp::parse_integer(before.value_or("0"), number);
    (void)resp::parse_integer(argument, by);
    return {resp::Value::of(number + by), true, std::to_string(number + by)};
  }

  testing::FakeLoop& loop_;
  const uint16_t port_;
  bool stalled_ = false;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<Connection>> sessions_;  // Ended ones too, until drop().
};

}  // namespace doris::router::test
