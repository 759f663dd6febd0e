#include "tests/sim/sim_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/check.h"
#include "tests/sim/sim_loop.h"

namespace doris::sim {

SimStream::SimStream(SimLoop& loop, std::shared_ptr<Connection> connection, Connection::Side side)
    : loop_(loop),
      connection_(std::move(connection)),
      side_(side),
      peer_(fmt::format("{}:{}", connection_->end(Connection::other(side)).machine,
                        connection_->id())) {
  loop_.streams_.push_back(this);
  // A process that has died has closed its ends, and is woken no more.
  if (end().open) end().wake = [&loop] { loop.wake(); };
}

SimStream::~SimStream() {
  std::erase(loop_.streams_, this);
  connection_->close(side_, Connection::Ending::kFinish);
}

void SimStream::start(net::StreamHandler& handler) {
  DORIS_CHECK(handler_ == nullptr, "a stream starts once");
  handler_ = &handler;
  loop_.wake();
}

std::string SimStream::local() const {
  return fmt::format("{}:{}", connection_->end(side_).machine, connection_->id());
}

TimePoint SimStream::now() const {
  return loop_.now();
}

void SimStream::flush_soon() {
  wants_flush_ = true;
  loop_.want_pass_end();
}

void SimStream::resume_reading() {
  paused_ = false;
  loop_.wake();
}

bool SimStream::read_once() {
  if (handler_ == nullptr || ended_ || paused_) return false;
  End& here = end();
  if (!here.received.empty()) {
    const std::span<char> room = handler_->read_buffer();
    DORIS_CHECK(!room.empty(), "a handler always has room to read into");
    const size_t count = std::min(room.size(), here.received.size());
    std::copy_n(here.received.begin(), count, room.begin());
    here.received.erase(0, count);
    handler_->on_read(count);
    return true;
  }
  if (!here.finished && !here.reset) return false;
  ended_ = true;
  handler_->on_end(here.reset ? Status::io("connection reset") : Status::closed("peer closed"));
  return true;
}

void SimStream::flush() {
  if (!std::exchange(wants_flush_, false)) return;
  connection_->send(side_, output_.view());
  output_.clear();
}

void SimStream::linger(std::unique_ptr<net::Stream> self) {
  handler_ = nullptr;
  ended_ = true;
  end().received.clear();
  flush_soon();
  loop_.lingering_.emplace_back(static_cast<SimStream*>(self.release()));
}

}  // namespace doris::sim
