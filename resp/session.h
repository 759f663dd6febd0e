// Session: one accepted connection that sends commands. The base of the router's client
// sessions, the server's shard and control sessions, and the admin's sessions.
//
// It owns the stream and the input, cuts the input into commands, and hands each to
// on_command(). It knows nothing of what commands mean. As in Redis, a peer that speaks HTTP
// (the command is POST or Host:) is closed without a reply, before the request's body, which
// may be commands, is looked at: a web page can have any browser send such a request.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "base/net/stream.h"
#include "resp/request_parser.h"
#include "resp/writer.h"

namespace doris::resp {

class Session : public net::StreamHandler {
 public:
  Session(std::unique_ptr<net::Stream> stream, RequestLimits limits);
  ~Session() override;

  // Starts reading. Separate from construction, so that the derived class is complete.
  void start();

  [[nodiscard]] Protocol protocol() const { return protocol_; }
  void set_protocol(Protocol protocol) { protocol_ = protocol; }
  [[nodiscard]] const std::string& peer() const { return peer_; }
  [[nodiscard]] std::string local() const { return ended() ? "" : stream_->local(); }

  // How many bytes have come from the peer so far.
  [[nodiscard]] uint64_t received() const { return received_; }

  // Where a reply goes; then call flush_soon(). REQUIRES: !ended().
  Writer reply() { return {output(), protocol_}; }
  Buffer& output() { return stream_->output(); }
  void flush_soon() { stream_->flush_soon(); }
  [[nodiscard]] size_t unsent() const { return ended() ? 0 : stream_->unsent(); }

  // The peer has gone, or close() was called: no on_command() follows.
  [[nodiscard]] bool ended() const { return stream_ == nullptr; }

  // Back-pressure. While held, commands stay in the input and nothing is read; release()
  // goes on with what had arrived. Both may be called from on_command(); neither nests.
  // release() runs commands at once unless it is called from inside on_command().
  void hold();
  void release();
  [[nodiscard]] bool held() const { return held_; }

  // Sends what was written, then closes. Calls on_ended() before it returns, unless it is
  // called from on_command() while marked(): then what was written waits for its commit, and
  // drop_mark() closes. (Called from elsewhere while marked(), it sends nothing written since.)
  void close();

 protected:
  // `args` is not empty; its views are valid during the call only.
  virtual void on_command(std::span<const std::string_view> args) = 0;

  // The connection is over (Code::kClosed: by the peer or by close()). The session may
  // not be destroyed from here; the owner does it later (post() or a pass task).
  virtual void on_ended(const Status& why) = 0;

  // The peer broke the protocol, and `text` tells it how. No on_command() follows. Replies
  // and closes. A session that owes replies to earlier commands overrides this, and does
  // the same after those.
  virtual void on_protocol_error(std::string_view text);

  // The peer has ended its side, and may read on. True: the session owes replies that it does not
  // have yet, and calls close() when they are written. No on_command() follows.
  virtual bool stays_to_reply() { return false; }

  // All output left after the kernel had refused some. May be overridden.
  void on_drained() override {}

  // Rewinding, for a batch whose commit may fail. mark() remembers the first byte of the
  // command being run, or (called from elsewhere) of the next one, and where output() ends;
  // it does nothing if there is a mark. From then on the input is kept. rewind() truncates
  // the output to the mark, forgets the mark, and runs every command since then once more;
  // called from on_command(), which then must not reply, it does so when that returns.
  // drop_mark() forgets the mark. One of the two is due before the output is flushed, that
  // is in a pass task, or in the command that fills the batch.
  void mark();
  [[nodiscard]] bool marked() const { return marked_; }
  void drop_mark();
  void rewind();

 private:
  std::span<char> read_buffer() final;
  void on_read(size_t bytes) final;
  void on_end(const Status& why) final;
  void run_commands();
  void run_next(Parsed parsed);
  void compact();
  void finish(const Status& why);

  std::unique_ptr<net::Stream> stream_;  // nullptr once ended.
  const std::string peer_;
  RequestParser parser_;

  // input_ holds every byte from the mark (or from the next command) on.
  //
  //   mark_input_ <= command_ <= next_ <= input_.size()
  Buffer input_;
  uint64_t received_ = 0;
  size_t next_ = 0;     // Where the next command starts.
  size_t command_ = 0;  // Where the one being run starts. Meaningful only while running_.
  size_t mark_input_ = 0;
  size_t mark_output_ = 0;

  Protocol protocol_ = Protocol::kResp2;
  bool marked_ = false;
  bool held_ = false;
  bool running_ = false;  // Inside run_commands().
  bool rewound_ = false;  // By the command being run.
  bool closing_ = false;  // As soon as the mark is dropped.
  bool broken_ = false;   // The peer broke the protocol.
};

// Tells a connection that there are too many, in Redis's words, and closes it.
void refuse_connection(std::unique_ptr<net::Stream> stream);

}  // namespace doris::resp
