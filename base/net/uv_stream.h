// UvStream: a Stream over uv_tcp_t.
//
// How bytes leave, at the end of a pass:
//
//   output_ --(a) uv_try_write()--> kernel
//      |                              ^
//      +--(b) in_flight --uv_write()--+      (b) holds what the kernel refused in (a)
//
// While (b) is under way, output_ grows and is not sent; the end of (b) wants a flush, and
// so comes back to (a) after the commits of its pass. Reads go straight to the handler's memory.
#pragma once

#include "base/net/socket_fd.h"
#include "base/net/stream.h"
#include "base/net/uv_flush_list.h"
#include "base/net/uv_handle.h"

namespace doris::net {

class UvLoop;

class UvStream final : public Stream {
 public:
  // A connection's socket, in libuv's hands until it is closed.
  struct Socket {
    uv_tcp_t handle{};
    uv_write_t write{};
    Buffer in_flight;            // Not empty: `write` is under way.
    UvStream* stream = nullptr;  // nullptr once the stream is gone.
  };
  static Result<HandlePtr<Socket>> new_socket(UvLoop& loop);

  // What every connection gets: no delay of small writes, and a question to the peer's kernel after
  // a long silence. An error of libuv, or 0.
  static int tune(uv_tcp_t* handle);

  // Of a socket that is connected.
  static Result<std::unique_ptr<Stream>> open(UvLoop& loop, SocketFd fd, std::string peer);
  UvStream(UvLoop& loop, HandlePtr<Socket> socket, std::string peer);
  ~UvStream() override;

  void start(StreamHandler& handler) override;
  Buffer& output() override { return output_; }
  void flush_soon() override;
  [[nodiscard]] size_t unsent() const override;
  void pause_reading() override;
  void resume_reading() override;
  [[nodiscard]] const std::string& peer() const override { return peer_; }
  [[nodiscard]] std::string local() const override;
  [[nodiscard]] TimePoint now() const override;

  // For the end of the pass. May destroy this.
  void flush();

  // For Lingering: from here on `handler` is told what happens, and hears on_drained() when
  // all is sent, even if the kernel never refused a byte.
  void hand_over(StreamHandler& handler);

  // The peer reads what was sent and then the end; reading goes on.
  void end_sending();

 protected:
  void linger(std::unique_ptr<Stream> self) override;

 private:
  static void on_room_wanted(uv_handle_t* handle, size_t suggested, uv_buf_t* room);
  static void on_bytes(uv_stream_t* handle, ssize_t count, const uv_buf_t* room);
  static void on_written(uv_write_t* request, int status);

  [[nodiscard]] uv_stream_t* uv() const;
  [[nodiscard]] bool is_writing() const { return !socket_->in_flight.empty(); }
  void read_or_not();
  void write_rest();
  void fail_writing(int error);
  void end(const Status& why);

  UvLoop& loop_;
  HandlePtr<Socket> socket_;
  const std::string peer_;
  StreamHandler* handler_ = nullptr;  // nullptr before start() and after on_end().
  Buffer output_;
  FlushPlace flush_place_;
  bool started_ = false;
  bool paused_ = false;
  bool reading_ = false;
  bool broken_ = false;        // A read failed: the socket is of no further use.
  bool owes_drained_ = false;  // on_drained() is due when all is sent.
};

}  // namespace doris::net
