// HandlePtr: owns a libuv handle.
//
// libuv goes on using a handle until its close callback, which comes after the owner has
// gone. So a handle lives on the heap, in a Block together with all that its callbacks
// need, and only the close callback frees it. That makes it safe to destroy the owner
// from inside a callback of the handle: the Block outlives the call.
//
//   struct Block {
//     uv_timer_t handle;  // A member of this name; its `data` is the Block.
//     ...
//   };
#pragma once

#include <uv.h>

#include <memory>
#include <string_view>

#include "base/status.h"

namespace doris::net {

// The error for what a libuv function returned. REQUIRES: error < 0.
inline Status uv_status(int error, std::string_view what) {
  return Status::from_errno(-error, what);  // On Unix its errors are negated errnos.
}

template <class Block>
struct CloseHandle {
  void operator()(Block* block) const {
    uv_close(reinterpret_cast<uv_handle_t*>(&block->handle),
             [](uv_handle_t* handle) { delete static_cast<Block*>(handle->data); });
  }
};

template <class Block>
using HandlePtr = std::unique_ptr<Block, CloseHandle<Block>>;

// `init` is uv_..._init with its arguments bound; it is given the handle.
template <class Block, class Init>
Result<HandlePtr<Block>> make_handle(Init init) {
  auto block = std::make_unique<Block>();
  if (const int error = init(&block->handle); error < 0) return uv_status(error, "new handle");
  block->handle.data = block.get();
  return HandlePtr<Block>(block.release());
}

}  // namespace doris::net
