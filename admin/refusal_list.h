// RefusalList: the servers that were not let in, so that DORIS.STATUS can say who and why: else
// only the refused server's own log does. In memory only: whoever is still refused asks again soon.
// Pure: callers pass `now`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace doris::admin {

struct Refusal {
  std::string name;     // Of the server, as it calls itself.
  std::string address;  // Where it says it listens.
  std::string reason;
  TimePoint at;  // The last time.
};

class RefusalList {
 public:
  // A refused server asks once a second. One that has not for so long was stopped.
  static constexpr Millis kForgottenAfter{600'000};
  static constexpr size_t kNamesMax = 16;         // Of more, those refused last.
  static constexpr size_t kNameBytesMax = 64;     // What is longer is cut: it is a
  static constexpr size_t kReasonBytesMax = 512;  // stranger's word, and may be anything.

  // Replaces what there was of this name. Whether it says anything else than that.
  bool note(Refusal refusal);

  // A server of this name was let in.
  void forget(const std::string& name) { refusals_.erase(name); }

  // By name.
  [[nodiscard]] std::vector<Refusal> list(TimePoint now);

 private:
  std::map<std::string, Refusal> refusals_;
};

}  // namespace doris::admin
