// The internal dialect, as the router writes it (resp/PROTOCOL.md, "Router to data
// server"). Pure: bytes out, nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/buffer.h"
#include "base/topology/topology.h"
#include "resp/reply_parser.h"
#include "resp/update.h"
#include "resp/value.h"
#include "resp/version.h"
#include "resp/write_id.h"

namespace doris::router {

void write_vget(Buffer& out, topology::Vnode vnode, std::string_view key);
void write_vhas(Buffer& out, topology::Vnode vnode, std::string_view key);
void write_vcount(Buffer& out, std::string_view name_space, std::string_view databases);

// Asks whether what was read in `version` is settled.
void write_vwait(Buffer& out, topology::Vnode vnode, std::string_view key,
                 const resp::Version& version);

// Ids, eight bytes each, of writes that both copies have, and of writes given up.
void write_vsettle(Buffer& out, std::string_view settled, std::string_view abandoned);

// In which role a data server takes a write.
class WriteRole {
 public:
  static WriteRole primary() { return WriteRole("P"); }
  static WriteRole secondary() { return WriteRole("S"); }
  static WriteRole log_of(topology::NodeId target) {  // The update log kept for `target`.
    return WriteRole("L" + std::to_string(target));
  }
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] bool is_log() const { return text_[0] == 'L'; }

 private:
  explicit WriteRole(std::string text) : text_(std::move(text)) {}
  std::string text_;  // Short enough to need no memory of its own.
};

// A write on its way to one of its places.
struct WriteWords {
  topology::Vnode vnode = 0;
  std::string_view key;
  resp::Version version;
  resp::WriteId operation = 0;  // The id of the version that was proposed first.
};

// `expires_at_ms`: Unix time, or 0 for never.
void write_vset(Buffer& out, const WriteRole& role, const WriteWords& write, int64_t expires_at_ms,
                std::string_view value);
void write_vdel(Buffer& out, const WriteRole& role, const WriteWords& write);
void write_vrmw(Buffer& out, const WriteWords& write, resp::Update update,
                std::string_view argument);

// Asks whether what an update rests on, `base`, will not be proposed again.
void write_vbase(Buffer& out, topology::Vnode vnode, std::string_view key,
                 const resp::Version& base);

// The version in a reply to a read that is not settled. False if it is not one.
[[nodiscard]] bool read_unsettled(const resp::Reply& reply, resp::Version& version);

// Reads a primary's answer to a write whose version it raised. False if it is not one.
[[nodiscard]] bool read_raised(std::string_view bulk, bool& existed, resp::Version& version);

// A primary's answer to an update.
struct UpdateAnswer {
  std::optional<resp::Value> reply;  // To the client. None: it was given to the router before.
  bool changes = false;
  resp::Version version{};  // Of what there is now; epoch 0: it may be shown at once.
  bool has_effect = false;  // Else, if it changes something, the router knows the effect.
  bool removes = false;     // From here on: the effect.
  int64_t expires_at_ms = 0;
  std::string value{};
  resp::Version base{};  // What has to be final before the effect is spread; epoch 0: nothing.
  // In which it was done, while `version` is what it has got since: its place among the updates of
  // its key that this primary has evaluated.
  resp::Version first{};
};

// Whether a server that refuses with this error is failed over, if the other copy is sound: its
// disk is full, or its files are damaged.
[[nodiscard]] bool ends_by_failover(std::string_view error);

// Whether a second copy was refused since the key is absent there, and counts as deleted in a
// higher version.
[[nodiscard]] bool is_below_floor(std::string_view error);

// False if the reply is not such an answer.
[[nodiscard]] bool read_update(const resp::Reply& reply, UpdateAnswer& answer);

}  // namespace doris::router
