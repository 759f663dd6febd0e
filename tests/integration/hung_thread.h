// HungThread: one thread of a program that does nothing any more, while its other threads go on, as
// if it waited for a disk that does not answer.
#pragma once

#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace doris::integration {

// The thread of `pid` that has this name ("shard-0"); 0 if there is none.
inline pid_t thread_of(pid_t pid, const std::string& name) {
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::string found;
    std::getline(std::ifstream(task.path() / "comm") >> std::ws, found);
    if (found == name) return std::stoi(task.path().filename());
  }
  return 0;
}

// From the constructor to the destructor, which the same thread has to run.
class HungThread {
 public:
  HungThread(pid_t pid, const std::string& name) : thread_(thread_of(pid, name)) {
    hung_ = thread_ != 0 && ::ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr) == 0 &&
            ::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr) == 0 &&
            ::waitpid(thread_, nullptr, __WALL) == thread_;
  }
  ~HungThread() {
    if (hung_) ::ptrace(PTRACE_DETACH, thread_, nullptr, nullptr);
  }
  HungThread(const HungThread&) = delete;
  HungThread& operator=(const HungThread&) = delete;

  [[nodiscard]] bool hung() const { return hung_; }

 private:
  const pid_t thread_;
  bool hung_ = false;
};

}  // namespace doris::integration
