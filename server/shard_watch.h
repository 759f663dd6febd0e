// ShardWatch: whether the shards of a node go on. A shard's thread may hang, on a disk that does
// not answer, say, while the node's other threads know nothing of it.
//
// Silence is counted in looks of one thread at the other, not in time: when the whole process has
// been frozen, its shards were not silent.
//
// Control thread only.
#pragma once

#include <algorithm>
#include <vector>

#include "base/clock.h"

namespace doris::server {

class ShardWatch {
 public:
  static constexpr Millis kLook{200};  // As often as shards report (ShardHost::take_report).

  explicit ShardWatch(size_t shards) : looks_(shards) {}

  // Once every kLook.
  void look() {
    for (uint32_t& looks : looks_)
      ++looks;
  }
  void heard(size_t shard) { looks_[shard] = 0; }

  // How long the one that was heard of the longest ago has been silent; 0 if all go on.
  [[nodiscard]] Millis silence() const {
    constexpr uint32_t kNormal = 2;  // A report may come just after a look.
    const auto most = std::ranges::max_element(looks_);
    return most == looks_.end() || *most <= kNormal ? Millis{0} : *most * kLook;
  }

 private:
  std::vector<uint32_t> looks_;  // At each shard, since it was heard of.
};

}  // namespace doris::server
