#include "resp/session.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "resp/words.h"

namespace doris::resp {
namespace {

const Log kLog("resp");

constexpr Millis kWarningPause{60'000};

// Room is reserved for a bulk as its bytes arrive, doubling from here, and not when its
// header does: a header costs a peer nothing.
constexpr size_t kReserveBytesMax = 1024 * 1024;

constexpr size_t kReadBytesMin = kReadBytes / 4;  // Less room than this is not worth a read.

// Input buffers that no session of this thread uses now. Almost always all commands that a
// read brought are run at once, so a few buffers do for any number of sessions.
class SpareBuffers {
 public:
  Buffer take() {
    if (spares_.empty()) return {};
    Buffer buffer = std::move(spares_.back());
    spares_.pop_back();
    return buffer;
  }

  // REQUIRES: buffer.empty(). Afterwards it holds no memory.
  void give(Buffer& buffer) {
    if (buffer.capacity() >= kReadBytes && buffer.capacity() <= 2 * kReadBytes &&
        spares_.size() < kSparesMax) {
      spares_.push_back(std::move(buffer));
    } else {
      buffer.release();
    }
  }

 private:
  static constexpr size_t kSparesMax = 16;
  std::vector<Buffer> spares_;
};

thread_local SpareBuffers t_spare_buffers;

// No command has such a name: it is the first line of an HTTP request, or a header of one.
bool is_http(std::string_view name) {
  return (name.size() == 4 && equals_ignoring_case(name, "post")) ||
         (name.size() == 5 && equals_ignoring_case(name, "host:"));
}

// A page of a browser can make such requests by the thousand, so each thread says it once a
// minute.
void warn_of_http(const std::string& peer, TimePoint now) {
  thread_local TimePoint warned_at{};
  const bool lately = warned_at <= now && now - warned_at < kWarningPause;
  if (lately && warned_at != TimePoint{}) return;
  warned_at = now;
  kLog.warning(
      "{} sends POST or Host: as a command and is closed: possibly an attack, by a web page that "
      "has a browser talk to this port. Said once a minute",
      peer);
}

}  // namespace

Session::Session(std::unique_ptr<net::Stream> stream, RequestLimits limits)
    : stream_(std::move(stream)), peer_(stream_->peer()), parser_(limits) {}

Session::~Session() = default;

void Session::start() {
  stream_->start(*this);
}

// ---- Input ---------------------------------------------------------------------------

std::span<char> Session::read_buffer() {
  if (input_.capacity() == 0) input_ = t_spare_buffers.take();
  const size_t have = input_.size() - next_;
  size_t room = input_.empty() ? kReadBytes : kReadBytesMin;
  if (const size_t wanted = parser_.wanted(); wanted > have) {
    room = std::max(room, std::min(wanted - have, std::max(have, kReserveBytesMax)));
  }
  return input_.prepare(room);
}

void Session::on_read(size_t bytes) {
  received_ += bytes;
  input_.commit(bytes);
  run_commands();
}

void Session::run_commands() {
  if (running_) return;
  running_ = true;
  while (!ended() && !held_ && !closing_ && !broken_ && next_ < input_.size()) {
    const Parsed parsed = parser_.parse(input_.view().substr(next_));
    if (parsed == Parsed::kNeedMore) break;
    run_next(parsed);
  }
  running_ = false;
  compact();
}

void Session::run_next(Parsed parsed) {
  command_ = next_;
  if (parsed == Parsed::kError) {
    broken_ = true;
    stream_->pause_reading();
    on_protocol_error(parser_.error());
    return;
  }
  next_ += parser_.consumed();
  const std::span<const std::string_view> args = parser_.args();
  if (!args.empty() && is_http(args[0])) {
    warn_of_http(peer_, stream_->now());
    close();
  } else if (!args.empty()) {
    on_command(args);
  }
  if (std::exchange(rewound_, false)) {
    next_ = mark_input_;
    parser_.reset();
  }
}

void Session::on_protocol_error(std::string_view text) {
  reply().error(text);
  close();
}

// Drops what has been run, unless a mark needs it, and all memory when nothing is left.
void Session::compact() {
  if (running_) return;
  if (ended() || (broken_ && !marked_)) {  // Nothing of it will ever be run.
    input_.clear();
    next_ = 0;
  } else if (const size_t done = marked_ ? mark_input_ : next_; done > 0) {
    input_.consume(done);
    next_ -= done;
    mark_input_ = 0;
  }
  if (!input_.empty()) return;
  parser_.release();
  t_spare_buffers.give(input_);
}

void Session::hold() {
  if (held_ || ended()) return;
  held_ = true;
  stream_->pause_reading();
}

void Session::release() {
  if (!held_ || ended()) return;
  held_ = false;
  if (!broken_ && !closing_) stream_->resume_reading();
  run_commands();
}

// ---- Rewinding -----------------------------------------------------------------------

void Session::mark() {
  if (marked_ || ended()) return;
  marked_ = true;
  mark_input_ = running_ ? command_ : next_;
  mark_output_ = output().size();
}

void Session::drop_mark() {
  if (!marked_) return;
  marked_ = false;
  if (closing_) {
    close();
  } else {
    compact();
  }
}

void Session::rewind() {
  if (!marked_ || ended()) return;
  marked_ = false;
  output().truncate(mark_output_);
  if (closing_ || broken_) {  // The commands themselves will say so again.
    closing_ = broken_ = false;
    if (!held_) stream_->resume_reading();
  }
  if (running_) {
    rewound_ = true;
    return;
  }
  next_ = mark_input_;
  parser_.reset();
  run_commands();
}

// ---- The end -------------------------------------------------------------------------

void Session::close() {
  if (ended()) return;
  if (marked_ && running_) {
    closing_ = true;
    stream_->pause_reading();
    return;
  }
  if (marked_) output().truncate(mark_output_);
  net::Stream::close_when_sent(std::move(stream_));
  finish(Status::closed("closed by this side"));
}

// Many a script sends its commands and ends its side at once: what they were answered in
// this very pass is still sent, but for what waits for its commit.
void Session::on_end(const Status& why) {
  if (marked_) output().truncate(mark_output_);
  const bool may_read = why.code() == Code::kClosed;
  if (may_read && stays_to_reply()) return;
  if (may_read && !output().empty()) {
    net::Stream::close_when_sent(std::move(stream_));
  }
  finish(why);
}

void Session::finish(const Status& why) {
  stream_.reset();
  marked_ = false;
  compact();
  on_ended(why);
}

void refuse_connection(std::unique_ptr<net::Stream> stream) {
  Writer(stream->output(), Protocol::kResp2).error("ERR max number of clients reached");
  net::Stream::close_when_sent(std::move(stream));
}

}  // namespace doris::resp
