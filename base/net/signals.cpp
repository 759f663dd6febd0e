#include "base/net/signals.h"

#include "base/check.h"
#include "base/net/uv_handle.h"
#include "base/net/uv_loop_internal.h"

namespace doris::net {
namespace {

class UvSignal final : public SignalWatch {
 public:
  UvSignal(UvLoop& loop, int signal, std::function<void(int)> on_raise)
      : block_(*make_handle<Block>(
            [&](uv_signal_t* handle) { return uv_signal_init(loop.uv(), handle); })) {
    block_->on_raise = std::move(on_raise);
    const auto raise = [](uv_signal_t* handle, int number) {
      static_cast<Block*>(handle->data)->on_raise(number);
    };
    const int error = uv_signal_start(&block_->handle, raise, signal);
    DORIS_CHECK(error == 0, "a signal that cannot be watched");
  }

 private:
  struct Block {
    uv_signal_t handle{};
    std::function<void(int)> on_raise;  // Here, since it may destroy its own watch.
  };
  HandlePtr<Block> block_;
};

}  // namespace

std::unique_ptr<SignalWatch> on_signal(Loop& loop, int signal, std::function<void(int)> on_raise) {
  auto* const uv_loop = dynamic_cast<UvLoop*>(&loop);
  DORIS_CHECK(uv_loop != nullptr, "signals need a loop of make_uv_loop()");
  return std::make_unique<UvSignal>(*uv_loop, signal, std::move(on_raise));
}

void ignore_sigpipe() {
  std::signal(SIGPIPE, SIG_IGN);
}

void ignore_sighup() {
  std::signal(SIGHUP, SIG_IGN);
}

}  // namespace doris::net
