// UvTimer: a Timer over uv_timer_t.
#pragma once

#include <functional>

#include "base/net/loop.h"
#include "base/net/uv_handle.h"

namespace doris::net {

class UvLoop;

class UvTimer final : public Timer {
 public:
  UvTimer(UvLoop& loop, std::function<void()> on_fire);

  void start(Millis delay, Millis repeat) override;
  void stop() override;

 private:
  struct Block {
    uv_timer_t handle{};
    std::function<void()> on_fire;  // Here, since it may destroy its own timer.
  };
  HandlePtr<Block> block_;
};

}  // namespace doris::net
