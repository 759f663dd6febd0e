#include "base/net/uv_stream.h"

#include <sys/socket.h>

#include "base/limits.h"
#include "base/net/socket_address.h"
#include "base/net/uv_lingering.h"
#include "base/net/uv_loop_internal.h"

namespace doris::net {
namespace {

// An idle stream keeps no more than this, so that one large reply to each of thousands of
// clients does not stay in memory. Below it, keeping spares an allocation per pass.
constexpr size_t kKeptBytesMax = kReadBytes;

void release_if_large(Buffer& empty) {
  if (empty.capacity() > kKeptBytesMax) empty.release();
}

// As Redis does by default. A peer that lost power while idle would stay connected for ever.
constexpr unsigned kKeepAliveSeconds = 300;

uv_buf_t as_uv(const Buffer& buffer) {
  // libuv reads it only; its type is shared with reading.
  return {const_cast<char*>(buffer.view().data()), buffer.size()};
}

}  // namespace

// ---- Life ----------------------------------------------------------------------------

Result<HandlePtr<UvStream::Socket>> UvStream::new_socket(UvLoop& loop) {
  return make_handle<Socket>([&](uv_tcp_t* handle) { return uv_tcp_init(loop.uv(), handle); });
}

Result<std::unique_ptr<Stream>> UvStream::open(UvLoop& loop, SocketFd fd, std::string peer) {
  Result<HandlePtr<Socket>> socket = new_socket(loop);
  if (!socket.ok()) return socket.status();
  uv_tcp_t* const handle = &(*socket)->handle;
  if (const int error = uv_tcp_open(handle, fd.get()); error < 0) return uv_status(error, peer);
  static_cast<void>(fd.release());  // The handle closes it.
  if (const int error = tune(handle); error < 0) return uv_status(error, peer);
  return std::unique_ptr<Stream>(
      std::make_unique<UvStream>(loop, std::move(*socket), std::move(peer)));
}

int UvStream::tune(uv_tcp_t* handle) {
  const int error = uv_tcp_nodelay(handle, 1);
  return error < 0 ? error : uv_tcp_keepalive(handle, 1, kKeepAliveSeconds);
}

UvStream::UvStream(UvLoop& loop, HandlePtr<Socket> socket, std::string peer)
    : loop_(loop), socket_(std::move(socket)), peer_(std::move(peer)) {
  socket_->stream = this;
}

UvStream::~UvStream() {
  loop_.flush_list().remove(flush_place_);
  socket_->stream = nullptr;
}

std::string UvStream::local() const {
  SocketAddress own;
  int size = sizeof own.storage;
  if (uv_tcp_getsockname(&socket_->handle, own.get(), &size) < 0) return {};
  return own.address().text();
}

TimePoint UvStream::now() const {
  return loop_.now();
}

uv_stream_t* UvStream::uv() const {
  return reinterpret_cast<uv_stream_t*>(&socket_->handle);
}

// Tells the handler, who may destroy this. The bytes not yet sent stay: a peer that has
// only ended its own side still reads.
void UvStream::end(const Status& why) {
  StreamHandler* const told = std::exchange(handler_, nullptr);
  read_or_not();
  if (told != nullptr) told->on_end(why);
}

void UvStream::linger(std::unique_ptr<Stream> self) {
  DORIS_CHECK(self.get() == this, "a stream lingers by itself");
  if (broken_) return;  // And close: nobody is left to send to.
  loop_.linger(std::unique_ptr<UvStream>(static_cast<UvStream*>(self.release())));
}

void UvStream::hand_over(StreamHandler& handler) {
  handler_ = &handler;
  owes_drained_ = true;
  flush_soon();
}

void UvStream::end_sending() {
  uv_os_fd_t fd = -1;
  // Not uv_shutdown(), which waits for libuv's own queue: that is empty here.
  if (uv_fileno(reinterpret_cast<uv_handle_t*>(uv()), &fd) == 0) ::shutdown(fd, SHUT_WR);
}

// ---- Reading -------------------------------------------------------------------------

void UvStream::start(StreamHandler& handler) {
  DORIS_CHECK(!started_, "a stream starts once");
  started_ = true;
  handler_ = &handler;
  read_or_not();
}

void UvStream::pause_reading() {
  paused_ = true;
  read_or_not();
}

void UvStream::resume_reading() {
  paused_ = false;
  read_or_not();
}

// Neither call below is a system call: libuv tells the kernel when it polls, and only if
// the two have not cancelled out by then.
void UvStream::read_or_not() {
  const bool wanted = handler_ != nullptr && !paused_ && !broken_;
  if (wanted == reading_) return;
  reading_ = wanted;
  const int error = wanted ? uv_read_start(uv(), on_room_wanted, on_bytes) : uv_read_stop(uv());
  DORIS_CHECK(error == 0, "a connected socket can be read");
}

void UvStream::on_room_wanted(uv_handle_t* handle, size_t, uv_buf_t* room) {
  const std::span<char> space = static_cast<Socket*>(handle->data)->stream->handler_->read_buffer();
  DORIS_CHECK(!space.empty(), "a handler always has room to read into");
  *room = {space.data(), space.size()};
}

// Every branch may destroy the stream.
void UvStream::on_bytes(uv_stream_t* handle, ssize_t count, const uv_buf_t*) {
  UvStream& stream = *static_cast<Socket*>(handle->data)->stream;
  if (count > 0) {
    stream.handler_->on_read(static_cast<size_t>(count));
  } else if (count == UV_EOF) {
    stream.end(Status::closed("the peer closed the connection"));
  } else if (count < 0) {
    stream.broken_ = true;
    stream.end(uv_status(static_cast<int>(count), "read"));
  }  // 0: there was nothing to read after all.
}

// ---- Writing -------------------------------------------------------------------------

size_t UvStream::unsent() const {
  return output_.size() + uv_stream_get_write_queue_size(uv());
}

void UvStream::flush_soon() {
  loop_.flush_list().add(*this, flush_place_);
}

void UvStream::flush() {
  if (is_writing()) return;  // on_written() wants the next flush.
  if (!output_.empty()) {
    const uv_buf_t bytes = as_uv(output_);
    const int taken = uv_try_write(uv(), &bytes, 1);
    if (taken < 0 && taken != UV_EAGAIN) return fail_writing(taken);
    if (taken > 0) output_.consume(static_cast<size_t>(taken));
    if (!output_.empty()) return write_rest();
    release_if_large(output_);
  }
  if (std::exchange(owes_drained_, false) && handler_ != nullptr) handler_->on_drained();
}

void UvStream::write_rest() {
  owes_drained_ = true;
  socket_->in_flight.swap(output_);
  const uv_buf_t bytes = as_uv(socket_->in_flight);
  const int error = uv_write(&socket_->write, uv(), &bytes, 1, on_written);
  if (error == 0) return;
  socket_->in_flight.clear();
  fail_writing(error);
}

void UvStream::on_written(uv_write_t* request, int status) {
  Socket& socket = *static_cast<Socket*>(request->handle->data);
  socket.in_flight.clear();
  release_if_large(socket.in_flight);
  if (socket.stream == nullptr) return;
  if (status < 0) return socket.stream->fail_writing(status);
  socket.stream->flush_soon();
}

// What can no longer be sent is dropped, even before start(), when there is nobody to tell:
// then reading tells.
void UvStream::fail_writing(int error) {
  output_.clear();
  owes_drained_ = false;
  end(uv_status(error, "write"));
}

}  // namespace doris::net
