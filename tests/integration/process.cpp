#include "tests/integration/process.h"

#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/check.h"

namespace doris::integration {
namespace {

using SteadyClock = std::chrono::steady_clock;

// A file in memory: neither side of a pipe can wait for the other.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("process", MFD_CLOEXEC)) {
    DORIS_CHECK(fd_ >= 0, "no file in memory");
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

  void fill(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = write(fd_, bytes.data(), bytes.size());
      DORIS_CHECK(written > 0, "a file in memory takes no more");
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    lseek(fd_, 0, SEEK_SET);
  }

  [[nodiscard]] std::string contents() const {
    std::string bytes(static_cast<size_t>(lseek(fd_, 0, SEEK_END)), '\0');
    const ssize_t got = pread(fd_, bytes.data(), bytes.size(), 0);
    bytes.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
    return bytes;
  }

 private:
  const int fd_;
};

pid_t spawn(const std::vector<std::string>& argv, const MemoryFile& in, const MemoryFile& out) {
  std::vector<char*> arguments;
  for (const std::string& each : argv)
    arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in.fd(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out.fd(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, out.fd(), STDERR_FILENO);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv[0].c_str(), &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  DORIS_CHECK(error == 0, "cannot start " + argv[0]);
  return pid;
}

// The raw status of a child, killed once `timeout` has passed.
int await_end(pid_t pid, Millis timeout) {
  const auto deadline = SteadyClock::now() + timeout;
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (SteadyClock::now() > deadline) kill(pid, SIGKILL);
    std::this_thread::sleep_for(Millis{2});
  }
  return status;
}

}  // namespace

Outcome run(const std::vector<std::string>& argv, std::string_view input, Millis timeout) {
  const MemoryFile in;
  const MemoryFile out;
  in.fill(input);
  const int status = await_end(spawn(argv, in, out), timeout);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out.contents()};
}

size_t resident_bytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6)) * 1024;
  }
  return 0;
}

bool eventually(const std::function<bool()>& holds, Millis patience) {
  const auto deadline = SteadyClock::now() + patience;
  while (!holds()) {
    if (SteadyClock::now() > deadline) return false;
    std::this_thread::sleep_for(Millis{20});
  }
  return true;
}

}  // namespace doris::integration
