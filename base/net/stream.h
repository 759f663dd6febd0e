// Stream: one connected byte stream, and StreamHandler, who listens to it.
//
// The handler names the memory that arriving bytes go to, so a received bulk is
// never copied on its way to the parser. Outgoing bytes are appended to output();
// they leave at the end of the loop's pass, together: one system call per stream
// and pass, however many replies were appended.
//
// Loop thread only. A Stream is destroyed by its owner at any time, also from
// inside a callback of its handler; nothing is called after that.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/status.h"

namespace doris::net {

class StreamHandler {
 public:
  virtual ~StreamHandler() = default;

  // Space for the next bytes. Never empty. It must stay valid until on_read(),
  // which follows before any other callback, or until the handler is told of the end.
  virtual std::span<char> read_buffer() = 0;

  // `bytes` > 0 were written to the front of the last read_buffer().
  virtual void on_read(size_t bytes) = 0;

  // The peer closed (Code::kClosed) or the connection failed. Called at most once,
  // and never after close(); no callback follows.
  virtual void on_end(const Status& why) = 0;

  // The kernel had refused bytes earlier and has now taken all of output().
  virtual void on_drained() {}
};

class Stream {
 public:
  virtual ~Stream() = default;  // Closes. Bytes not yet sent are lost: see close_when_sent().

  // Starts reading. `handler` outlives the stream. REQUIRES: not started.
  virtual void start(StreamHandler& handler) = 0;

  // Bytes that wait to be sent. After appending, call flush_soon().
  virtual Buffer& output() = 0;
  virtual void flush_soon() = 0;

  // All bytes that the kernel has not taken yet, output() included.
  [[nodiscard]] virtual size_t unsent() const = 0;

  // Back-pressure: while paused nothing is read, and the peer's window fills.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  // Sends what output() holds, then closes. What arrives meanwhile is thrown away. The
  // stream is no longer the handler's concern: no callback follows. May be called from
  // inside one. What the peer does not take within a second is dropped.
  static void close_when_sent(std::unique_ptr<Stream> stream);

  // "127.0.0.1:53122" of the other side; constant.
  [[nodiscard]] virtual const std::string& peer() const = 0;

  // The same of this side; "" if the connection is over. Asks the kernel each time.
  [[nodiscard]] virtual std::string local() const = 0;

  // The time of the loop that serves it.
  [[nodiscard]] virtual TimePoint now() const = 0;

 protected:
  // Implements close_when_sent(): `self` owns this very stream.
  virtual void linger(std::unique_ptr<Stream> self) = 0;
};

inline void Stream::close_when_sent(std::unique_ptr<Stream> stream) {
  Stream& target = *stream;
  target.linger(std::move(stream));
}

}  // namespace doris::net
