// Child: a second process of a test, forked, and killed or awaited at the end. Fork before
// the test has threads.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>

namespace doris {

class Child {
 public:
  // Runs `body` with the writing end of a pipe, and then exits with what it returns.
  explicit Child(const std::function<int(int pipe)>& body) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::close(ends[0]);
      ::_exit(body(ends[1]));
    }
    ::close(ends[1]);
    pipe_ = ends[0];
  }
  ~Child() {
    kill();
    ::close(pipe_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] int pid() const { return pid_; }

  // One byte that the child wrote; false at its end.
  bool read_byte(char& byte) { return ::read(pipe_, &byte, 1) == 1; }

  void kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    await();
  }

  // Its exit status; -1 if it was killed.
  int await() {
    if (pid_ <= 0) return status_;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    pid_ = -1;
    return status_;
  }

 private:
  pid_t pid_ = -1;
  int pipe_ = -1;
  int status_ = -1;
};

}  // namespace doris
