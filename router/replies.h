// How a finished request reads to the client who sent the command. Pure.
#pragma once

#include "resp/writer.h"
#include "router/request.h"
#include "router/stats.h"

namespace doris::router {

// Writes the reply of a done request: its error, or what its kind makes of its parts.
// REQUIRES: not is_local().
void write_reply(const Request& request, resp::Writer writer, WorkerStats& stats);

// Whether the request never goes to a data server.
[[nodiscard]] inline bool is_local(const Request& request) {
  return request.kind >= Request::Kind::kLocal;
}

// Whether the request is done when its turn comes, since it is about the replies before it.
[[nodiscard]] inline bool awaits_its_turn(const Request& request) {
  return request.kind >= Request::Kind::kReset && !request.replied;
}

}  // namespace doris::router
