#include "server/paced_session.h"

#include <utility>

#include "base/check.h"
#include "resp/render.h"

namespace doris::server {
namespace {

constexpr Millis kLookAgain{5};

}  // namespace

PacedSession::PacedSession(net::Loop& loop, std::unique_ptr<net::Stream> stream,
                           resp::RequestLimits limits)
    : resp::Session(std::move(stream), limits), loop_(loop) {}

void PacedSession::await_answer() {
  DORIS_CHECK(!held(), "a session that waits runs no command");
  awaits_answer_ = true;
  hold();
}

void PacedSession::answer(const resp::Value& value) {
  DORIS_CHECK(awaits_answer_, "an answer to nothing");
  reply().value(protocol() == resp::Protocol::kResp3 ? value : resp::render(value));
  awaits_answer_ = false;
  finish_command();
  if (!awaits_reader_) release();
}

void PacedSession::finish_command() {
  if (ended() || awaits_answer_) return;
  flush_soon();
  if (unsent() <= kUnreadBytesMax) return;
  awaits_reader_ = true;
  hold();
  // Of what the kernel takes at the end of this pass on_drained() says nothing.
  if (check_ == nullptr) check_ = loop_.timer([this] { go_on(); });
  check_->start(Millis{0});
}

void PacedSession::run_again() {
  const bool waited = std::exchange(awaits_reader_, false);
  rewind();
  if (waited) release();
}

// If something is unsent, the kernel has refused it, and on_drained() will come. Or the pass has
// not come to sending it: libuv may fire a timer again in the pass in which it was started.
void PacedSession::go_on() {
  if (!awaits_reader_ || ended()) return;
  if (unsent() > 0) {
    check_->start(kLookAgain);
    return;
  }
  awaits_reader_ = false;
  release();
}

}  // namespace doris::server
