// Workload: the commands of one client, chosen at random from all that key_model.h knows. No
// two commands of a cluster's clients write the same value, so that a value tells its writer.
#pragma once

#include <cstdint>
#include <string>

#include "base/random.h"
#include "tests/checker/history.h"

namespace doris::checker {

// Which commands a key gets. What counts needs a key of its own: INCR of "3.17" is an error.
// Increments, and nothing else, show nobody what he has not been told to be written.
enum class Mix : uint8_t { kBlind, kAtomic, kCounting, kIncrements };

class Workload {
 public:
  explicit Workload(uint32_t client) : client_(client) {}

  [[nodiscard]] Words command(Mix mix, const std::string& key, Random& random);

 private:
  const uint32_t client_;
  uint64_t next_value_ = 1;
};

}  // namespace doris::checker
