// Postbox: functions posted to a loop, which run only while their addressee lives.
//
// Other threads post to an object's loop; what they posted just before the object's end
// would run after it. The object has a Postbox as a member, and is destroyed on its loop's
// thread: whatever has not run by then never will.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/net/loop.h"

namespace doris::net {

class Postbox {
 public:
  explicit Postbox(Loop& loop) : loop_(loop) {}
  Postbox(const Postbox&) = delete;
  Postbox& operator=(const Postbox&) = delete;

  // Any thread, while the postbox lives. In the order posted, as Loop::post().
  void post(std::function<void()> function) {
    loop_.post([addressee = std::weak_ptr<const bool>(alive_), function = std::move(function)] {
      if (!addressee.expired()) function();
    });
  }

 private:
  Loop& loop_;
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace doris::net
