// PacedSession: a connection to a data server that may have to wait before it runs its next
// command. There are two reasons, and either may come first:
//
//   for an answer   the command asked another thread; its reply must not be overtaken
//   for its peer    which does not read what it was sent; replies must not pile up
//
// Loop thread only.
#pragma once

#include <memory>

#include "base/net/loop.h"
#include "resp/session.h"
#include "resp/value.h"

namespace doris::server {

class PacedSession : public resp::Session {
 public:
  // A peer that leaves more than this unread waits, so that one connection holds no more
  // than this and one reply.
  static constexpr size_t kUnreadBytesMax = 4UL << 20;

  // `loop` is the stream's, and outlives this.
  PacedSession(net::Loop& loop, std::unique_ptr<net::Stream> stream, resp::RequestLimits limits);

  // The reply to the command that called await_answer(); then the commands that waited run.
  // REQUIRES: !ended().
  void answer(const resp::Value& value);

 protected:
  // The command being run replies later, by answer().
  void await_answer();

  // To be called at the end of each command: sends its reply, and waits if the peer does not
  // read.
  void finish_command();

  // rewind(), and the commands run again at once even if the session waits for its peer: the
  // replies that it was to read are taken back.
  void run_again();

 private:
  void on_drained() final { go_on(); }
  void go_on();

  net::Loop& loop_;
  bool awaits_answer_ = false;
  bool awaits_reader_ = false;         // Never together with awaits_answer_.
  std::unique_ptr<net::Timer> check_;  // Made when first needed: most peers do read.
};

}  // namespace doris::server
