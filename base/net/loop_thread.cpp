#include "base/net/loop_thread.h"

#include <pthread.h>

#include <future>

#include "base/check.h"
#include "base/net/uv_loop.h"

namespace doris::net {
namespace {

constexpr size_t kNameBytesMax = 15;  // The kernel's; it refuses a longer one.

}  // namespace

LoopThread::LoopThread(const std::string& name)
    : loop_(make_uv_loop()), thread_([loop = loop_.get()] { loop->run(); }) {
  pthread_setname_np(thread_.native_handle(), name.substr(0, kNameBytesMax).c_str());
}

LoopThread::~LoopThread() {
  join();
}

void LoopThread::run_and_wait(const std::function<void()>& function) {
  DORIS_CHECK(thread_.joinable(), "the thread has been stopped");
  DORIS_CHECK(std::this_thread::get_id() != thread_.get_id(), "a thread cannot wait for itself");
  const auto done = std::make_shared<std::promise<void>>();
  std::future<void> ended = done->get_future();
  loop_->post([&function, done] {
    function();
    done->set_value();
  });
  ended.wait();
}

void LoopThread::stop() {
  join();
}

void LoopThread::join() {
  if (!thread_.joinable()) return;
  loop_->stop();
  thread_.join();
}

std::unique_ptr<LoopHost> start_loop_thread(const std::string& name) {
  return std::make_unique<LoopThread>(name);
}

}  // namespace doris::net
