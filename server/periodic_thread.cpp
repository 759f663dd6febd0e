#include "server/periodic_thread.h"

#include <pthread.h>

#include <utility>

namespace doris::server {

PeriodicThread::PeriodicThread(const char* name, Millis pause, std::function<void()> work)
    : pause_(pause), work_(std::move(work)), thread_([this, name] { run(name); }) {}

PeriodicThread::~PeriodicThread() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void PeriodicThread::run(const char* name) {
  (void)pthread_setname_np(pthread_self(), name);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, pause_, [this] { return stopping_; })) {
    lock.unlock();
    work_();
    lock.lock();
  }
}

}  // namespace doris::server
