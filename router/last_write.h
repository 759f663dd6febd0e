// LastWrite: what became of the last write of one connection, for DORIS.LASTWRITE.
//
// It follows the replies: each request is noted as its reply leaves, so an answer tells of all
// commands before it. A write costs a few words copied: names are looked up when somebody asks.
//
// What counts as a write: whatever has changed a key, or was meant to and failed. An update that
// has found nothing to change (SETNX of a key that is there, DEL of one that is not, INCR of what
// is no number) is none, nor is a command that is refused as it stands (its key is too long), or
// while there is no topology yet. Of a command over several keys it is the last one that was
// written; if the command failed, the last one that was not.
#pragma once

#include <cstdint>
#include <string>

#include "base/topology/routing_table.h"
#include "resp/value.h"
#include "resp/version.h"
#include "resp/writer.h"
#include "router/request.h"

namespace doris::router {

class LastWrite {
 public:
  // REQUIRES: `request` is a write, and done.
  void note(const Request& request);

  // A map or, under RESP2, lines for people. `table` names the nodes; it may be nullptr as long as
  // there was no write.
  [[nodiscard]] resp::Value describe(const topology::RoutingTablePtr& table,
                                     resp::Protocol protocol) const;

 private:
  enum class Outcome : uint8_t {
    kNoWrite,
    kWritten,  // Twice.
    kFailed,   // Nobody has it.
    kUnknown,  // The client got an error, and somebody has it, or may have it.
  };

  [[nodiscard]] std::string outcome() const;
  [[nodiscard]] resp::Value view(const topology::RoutingTablePtr& table) const;

  Outcome outcome_ = Outcome::kNoWrite;
  topology::Vnode vnode_ = 0;
  topology::NodeId primary_ = topology::kNoNode;
  SecondSent second_;
  bool primary_done_ = false;
  resp::Version version_;  // None if it was never sent.
  std::string error_;      // What the client was told, unless it is written.
};

}  // namespace doris::router
