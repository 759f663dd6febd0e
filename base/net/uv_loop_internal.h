// UvLoop: the Loop over libuv, as the other files of this room see it.
//
// One iteration of libuv, and where a pass (loop.h) ends in it:
//
//   timers -> prepare -> poll: sockets, posted functions -> check -> timers -> ...
//                ^                                            ^
//                +----------------- end_pass() ---------------+
//
// It ends twice, since what a timer did must not wait until some socket is ready.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/net/loop.h"
#include "base/net/pass_queue.h"
#include "base/net/uv_flush_list.h"

namespace doris::net {

class Lingering;
class UvStream;

class UvLoop final : public Loop {
 public:
  UvLoop();
  ~UvLoop() override;

  void run() override;
  void stop() override;
  void post(std::function<void()> function) override;
  [[nodiscard]] TimePoint now() const override;
  std::unique_ptr<Timer> timer(std::function<void()> on_fire) override;
  void schedule(PassTask& task) override { tasks_.add(task); }
  void cancel(PassTask& task) override { tasks_.remove(task); }
  Result<std::unique_ptr<Listener>> listen(const Address& address,
                                           AcceptCallback on_accept) override;
  Result<std::unique_ptr<Stream>> adopt(std::unique_ptr<Accepted> accepted) override;
  std::unique_ptr<Connecting> connect(const Address& address, Millis timeout,
                                      ConnectCallback on_connect) override;

  // For this room.
  [[nodiscard]] uv_loop_t* uv() { return &uv_; }
  [[nodiscard]] FlushList& flush_list() { return flush_list_; }

  // See Stream::close_when_sent(). The loop owns the stream from here.
  void linger(std::unique_ptr<UvStream> stream);
  void end_linger(Lingering& lingering);

 private:
  template <class Handle>
  static UvLoop& of(Handle* handle) {
    return *static_cast<UvLoop*>(handle->loop->data);
  }

  void open_handles();
  void close_handles();
  void run_posted();
  void discard_posted();
  void end_pass();

  uv_loop_t uv_;
  uv_async_t wake_up_;
  uv_prepare_t before_poll_;
  uv_check_t after_poll_;

  // Of the loop's thread.
  bool has_run_ = false;
  PassQueue tasks_;
  FlushList flush_list_;
  mutable std::optional<TimePoint> now_;  // Read when first asked for in a pass.
  std::unordered_map<Lingering*, std::unique_ptr<Lingering>> lingering_;
  std::vector<std::function<void()>> running_;  // Taken from posted_; kept for its memory.

  // Below: guarded by mutex_.
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
  bool stopping_ = false;
};

}  // namespace doris::net
