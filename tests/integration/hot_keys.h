// HotKeys: the few keys that all clients of a load use at a time, and after a while others, so
// that each key's history stays short enough to be judged. Some commands go back to a key of
// long ago: what was written before a fault is to be read after it.
//
// Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/random.h"
#include "tests/checker/workload.h"

namespace doris::integration {

class HotKeys {
 public:
  struct Key {
    std::string name;
    checker::Mix mix;
    bool only_read;  // A key of long ago.
  };

  // The key of the next command.
  [[nodiscard]] Key choose(Random& random);

  // A command of which nobody knows what became of it: the search tries it everywhere, so a
  // key bears few of them.
  void wear_out() { commands_ += kCommands / 8; }

 private:
  static constexpr uint64_t kKeys = 4;        // At a time.
  static constexpr uint64_t kCommands = 800;  // Before they change.

  static Key key(uint64_t generation, uint64_t number);

  std::atomic<uint64_t> commands_ = 0;
};

}  // namespace doris::integration
