// Whether an attempt to connect was refused: the machine is there, and no process listens at that
// port. Anything else that went wrong says nothing of the process. A firewall that rejects looks
// the same: one between programs of a cluster has to drop instead.
#pragma once

#include <string_view>

namespace doris::net {

// `failure` is the message of a Loop::connect() that failed, whatever is around it.
[[nodiscard]] inline bool was_refused(std::string_view failure) {
  return failure.find("connection refused") != std::string_view::npos;
}

}  // namespace doris::net
