// ReplyMode: whether a client hears the reply to the command that it sends (CLIENT REPLY). Most
// do; one that writes a great deal and reads nothing may switch its replies off, or skip one.
//
//   CLIENT REPLY SKIP    SET k v    GET k
//   not heard            not heard  heard
//
// Of the command that is being run, or, between commands, of what is wrong with the next one.
#pragma once

#include <utility>

namespace doris::router {

class ReplyMode {
 public:
  [[nodiscard]] bool silent() const { return off_ || skips_; }

  // CLIENT REPLY ON, OFF and SKIP. The reply to ON itself is heard.
  void on() { off_ = skips_ = false; }
  void off() { off_ = true; }
  void skip_next() { skips_next_ = !off_; }

  // RESET. A skip that is meant for RESET itself stays, as in Redis.
  void reset() { off_ = skips_next_ = false; }

  // A command has been run.
  void next() { skips_ = std::exchange(skips_next_, false); }

 private:
  bool off_ = false;
  bool skips_ = false;
  bool skips_next_ = false;
};

}  // namespace doris::router
