#include "base/net/uv_loop.h"

#include "base/check.h"
#include "base/net/accepted_socket.h"
#include "base/net/signals.h"
#include "base/net/uv_connecting.h"
#include "base/net/uv_lingering.h"
#include "base/net/uv_listener.h"
#include "base/net/uv_loop_internal.h"
#include "base/net/uv_stream.h"
#include "base/net/uv_timer.h"

namespace doris::net {
namespace {

// These fail only for want of memory or descriptors, when the program has not begun yet.
void check_uv(int error) {
  DORIS_CHECK(error == 0, uv_strerror(error));
}

template <class Handle>
void close_member(Handle& handle) {
  uv_close(reinterpret_cast<uv_handle_t*>(&handle), nullptr);
}

void check_is_closing(uv_handle_t* handle, void*) {
  DORIS_CHECK(uv_is_closing(handle), "a timer, stream, listener or attempt outlived its loop");
}

}  // namespace

std::unique_ptr<Loop> make_uv_loop() {
  ignore_sigpipe();
  return std::make_unique<UvLoop>();
}

UvLoop::UvLoop() {
  check_uv(uv_loop_init(&uv_));
  uv_.data = this;
  open_handles();
}

UvLoop::~UvLoop() {
  discard_posted();
  lingering_.clear();
  close_handles();
  uv_walk(&uv_, check_is_closing, nullptr);
  uv_run(&uv_, UV_RUN_DEFAULT);  // The close callbacks, which free the handles' memory.
  DORIS_CHECK(uv_loop_close(&uv_) == 0, "something outlived the loop that it belongs to");
}

void UvLoop::open_handles() {
  check_uv(uv_async_init(&uv_, &wake_up_, [](uv_async_t* handle) { of(handle).run_posted(); }));
  check_uv(uv_prepare_init(&uv_, &before_poll_));
  check_uv(uv_prepare_start(&before_poll_, [](uv_prepare_t* handle) { of(handle).end_pass(); }));
  check_uv(uv_check_init(&uv_, &after_poll_));
  check_uv(uv_check_start(&after_poll_, [](uv_check_t* handle) { of(handle).end_pass(); }));
}

void UvLoop::close_handles() {
  close_member(wake_up_);
  close_member(before_poll_);
  close_member(after_poll_);
}

void UvLoop::run() {
  DORIS_CHECK(!has_run_, "a loop runs once");
  has_run_ = true;
  uv_run(&uv_, UV_RUN_DEFAULT);
}

// ---- Other threads -------------------------------------------------------------------

void UvLoop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  uv_async_send(&wake_up_);
}

void UvLoop::post(std::function<void()> function) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(function));
  }
  uv_async_send(&wake_up_);  // One load if a wake-up is under way already.
}

void UvLoop::run_posted() {
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    running_.swap(posted_);
    stopping = stopping_;
  }
  for (auto& function : running_) {
    function();
    function = nullptr;  // What it holds dies before the next one runs, not after them all.
  }
  running_.clear();
  if (stopping) uv_stop(&uv_);
}

void UvLoop::discard_posted() {
  // Destroying one may post another, so they die after the lock: `lock` is the younger.
  for (;;) {
    std::vector<std::function<void()>> discarded;
    const std::lock_guard lock(mutex_);
    if (posted_.empty()) return;
    discarded.swap(posted_);
  }
}

// ---- The pass ------------------------------------------------------------------------

void UvLoop::end_pass() {
  // A flush may end a stream, whose handler schedules tasks and writes elsewhere: the tasks
  // run before the next flush, so that no reply overtakes its commit.
  for (;;) {
    tasks_.run();
    UvStream* const stream = flush_list_.pop();
    if (stream == nullptr) break;
    stream->flush();
  }
  now_.reset();
}

TimePoint UvLoop::now() const {
  if (!now_) now_ = std::chrono::steady_clock::now();
  return *now_;
}

// ---- What it makes -------------------------------------------------------------------

std::unique_ptr<Timer> UvLoop::timer(std::function<void()> on_fire) {
  return std::make_unique<UvTimer>(*this, std::move(on_fire));
}

Result<std::unique_ptr<Listener>> UvLoop::listen(const Address& address, AcceptCallback on_accept) {
  return UvListener::open(*this, address, std::move(on_accept));
}

Result<std::unique_ptr<Stream>> UvLoop::adopt(std::unique_ptr<Accepted> accepted) {
  auto& socket = static_cast<AcceptedSocket&>(*accepted);
  return UvStream::open(*this, std::move(socket.fd), socket.peer.address().text());
}

std::unique_ptr<Connecting> UvLoop::connect(const Address& address, Millis timeout,
                                            ConnectCallback on_connect) {
  return std::make_unique<UvConnecting>(*this, address, timeout, std::move(on_connect));
}

void UvLoop::linger(std::unique_ptr<UvStream> stream) {
  auto lingering = std::make_unique<Lingering>(*this, std::move(stream));
  Lingering* const key = lingering.get();
  lingering_.emplace(key, std::move(lingering));
}

void UvLoop::end_linger(Lingering& lingering) {
  DORIS_CHECK(lingering_.erase(&lingering) == 1, "a stream lingers once");
}

}  // namespace doris::net
