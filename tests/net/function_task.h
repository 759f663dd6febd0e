// FunctionTask: a PassTask that does what a test wishes.
#pragma once

#include <functional>

#include "base/net/loop.h"

namespace doris::net {

class FunctionTask final : public PassTask {
 public:
  explicit FunctionTask(std::function<void()> work) : work_(std::move(work)) {}
  void on_pass_end() override { work_(); }

 private:
  const std::function<void()> work_;
};

}  // namespace doris::net
