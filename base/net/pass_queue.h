// PassQueue: the PassTasks that one loop has yet to run in this pass.
//
//   queue.add(task);   // Any number of times in a pass: it runs once.
//   queue.run();       // In the order added, with what they add, until none is left.
//
// It owns no task: a task that dies while it waits must be removed first. Loop thread only.
#pragma once

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/net/loop.h"

namespace doris::net {

class PassQueue {
 public:
  [[nodiscard]] bool empty() const { return next_ == tasks_.size(); }

  // Does nothing if `task` waits already. A task that is running may add itself: it runs
  // once more in the same pass.
  void add(PassTask& task) {
    if (task.scheduled_) return;
    task.scheduled_ = true;
    tasks_.push_back(&task);
  }

  // Does nothing if `task` does not wait. It may be called by a task that is running.
  void remove(PassTask& task) {
    if (!task.scheduled_) return;
    task.scheduled_ = false;
    const auto place = std::find(tasks_.begin() + next_, tasks_.end(), &task);
    DORIS_CHECK(place != tasks_.end(), "a scheduled task waits in the queue of its loop");
    tasks_.erase(place);
  }

  // Runs until empty(). REQUIRES: not called by a task.
  void run() {
    DORIS_CHECK(next_ == 0, "a task may not run the queue that it is in");
    while (!empty()) {
      PassTask& task = *tasks_[next_++];
      task.scheduled_ = false;  // Before it runs, so that it can schedule itself again.
      task.on_pass_end();       // May destroy the task.
    }
    tasks_.clear();
    next_ = 0;
  }

 private:
  // tasks_[next_..] wait; those before have been run in this pass. The vector keeps its
  // memory from pass to pass.
  std::vector<PassTask*> tasks_;
  size_t next_ = 0;
};

}  // namespace doris::net
