// The Loop of the real world, over libuv. Nothing above this room sees uv.h.
#pragma once

#include <memory>

#include "base/net/loop.h"

namespace doris::net {

// From then on the process ignores SIGPIPE: a peer that has gone is an error, not a death.
//
// Everything that the loop has handed out is destroyed before the loop. A host name that is
// being looked up at that time is waited for.
[[nodiscard]] std::unique_ptr<Loop> make_uv_loop();

}  // namespace doris::net
