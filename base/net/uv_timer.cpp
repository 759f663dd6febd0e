#include "base/net/uv_timer.h"

#include <algorithm>

#include "base/net/uv_loop_internal.h"

namespace doris::net {

UvTimer::UvTimer(UvLoop& loop, std::function<void()> on_fire)
    : block_(*make_handle<Block>(
          [&](uv_timer_t* handle) { return uv_timer_init(loop.uv(), handle); })) {
  block_->on_fire = std::move(on_fire);
}

void UvTimer::start(Millis delay, Millis repeat) {
  // libuv counts from the start of its iteration, in whole milliseconds. A fresh time and
  // one millisecond more keep a timer from firing before its time has come.
  uv_update_time(block_->handle.loop);
  const auto wait = delay.count() <= 0 ? 0 : static_cast<uint64_t>(delay.count()) + 1;
  const auto fire = [](uv_timer_t* handle) { static_cast<Block*>(handle->data)->on_fire(); };
  const auto interval = static_cast<uint64_t>(std::max(repeat, Millis{0}).count());
  uv_timer_start(&block_->handle, fire, wait, interval);
}

void UvTimer::stop() {
  uv_timer_stop(&block_->handle);
}

}  // namespace doris::net
