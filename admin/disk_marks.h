// DiskMarks: how far the disk of each data server has come, as it was heard of last. A disk mark
// rises with what is on the disk (server/stores.h). So a server that comes back with a lower one
// has an older disk than it had: a copy of a while ago, or one that has lost what it said to have.
// What it confirmed meanwhile it lacks, and nobody may take it to be complete.
//
//   heartbeats ---------heard()--+--> marks(), kept on the admin's own disk with each
//   a server registers -begins()-+         epoch, and every few seconds
//                `-- is_older()?
//
// What was written after the mark that is known is not missed.
//
// Pure. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "base/topology/topology.h"

namespace doris::admin {

class DiskMarks {
 public:
  using ByNode = std::map<topology::NodeId, uint64_t>;

  DiskMarks() = default;
  explicit DiskMarks(ByNode kept) : marks_(std::move(kept)) {}

  // Whether a disk with this mark is older than that node's was. A mark of 0 says nothing.
  [[nodiscard]] bool is_older(topology::NodeId node, uint64_t mark) const;

  // Whether nothing is known of this process of `node` yet: neither has it begun, nor was it heard
  // of. What is heard last of a process that is gone stays what it was.
  [[nodiscard]] bool is_new(topology::NodeId node, uint64_t incarnation) const;

  // A process of `node`, of this incarnation, has begun with such a disk.
  void begins(topology::NodeId node, uint64_t incarnation, uint64_t mark);

  // That process has come so far. One that another process has followed since is not listened to.
  void heard(topology::NodeId node, uint64_t incarnation, uint64_t mark);

  [[nodiscard]] const ByNode& marks() const { return marks_; }

 private:
  ByNode marks_;
  std::map<topology::NodeId, uint64_t> incarnations_;  // Of those that have begun.
  std::map<topology::NodeId, uint64_t> heard_;         // Of those that were heard of last.
};

}  // namespace doris::admin
