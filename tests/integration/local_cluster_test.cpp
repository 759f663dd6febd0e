// tools/local_cluster.sh, as whoever develops calls it.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "tests/integration/cluster.h"
#include "tests/integration/files.h"
#include "tests/integration/socket.h"

namespace doris::integration {
namespace {

using Catch::Contains;

Outcome local_cluster(const std::string& directory, const std::vector<std::string>& args) {
  std::vector<std::string> argv = {"env", std::string("DORIS_BUILD=") + DORIS_BUILD_DIR,
                                   std::string(DORIS_SOURCE_DIR) + "/tools/local_cluster.sh",
                                   "--dir", directory};
  argv.insert(argv.end(), args.begin(), args.end());
  return run(argv);
}

TEST_CASE("local_cluster.sh tells what runs, what is frozen and what is gone") {
  Cluster cluster({.standbys = 1});
  CHECK_THAT(cluster.status(), Contains("admin-1") && Contains("router-1") && Contains("s1"));
  CHECK_THAT(cluster.status(), !Contains("frozen") && !Contains("stopped"));
  cluster.freeze("a1");
  CHECK_THAT(cluster.status(), Contains("a1         frozen"));
  cluster.thaw("a1");
  cluster.kill("b1");
  CHECK_THAT(cluster.status(), Contains("b1         stopped") && !Contains("frozen"));
  cluster.restart("b1");
  cluster.await_service();
}

// A process on its way out after SIGKILL, as it may be for a moment: its first thread is gone,
// another still has the lock of a data directory.
pid_t dying_holder(const std::string& data_directory) {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid > 0) {
    REQUIRE(eventually([&] {  // Without a command line, as a process that has no memory any more.
      std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
      return file.peek() == std::ifstream::traits_type::eof();
    }));
    return pid;
  }
  const int lock = ::open((data_directory + "/LOCK").c_str(), O_RDWR | O_CLOEXEC);
  if (lock < 0 || ::flock(lock, LOCK_EX) != 0) ::_exit(1);
  std::thread last([] {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    ::_exit(0);
  });
  ::syscall(SYS_exit, 0);  // This thread only; the lock stays.
  ::_exit(1);
}

TEST_CASE("a restart waits until the last thread of what was killed is gone") {
  Cluster cluster;
  cluster.kill("a1");
  const pid_t holder = dying_holder(cluster.directory() + "/a1");
  std::ofstream(cluster.directory() + "/a1.pid") << holder << "\n";
  cluster.restart("a1");
  cluster.await_service();
  CHECK(::waitpid(holder, nullptr, 0) == holder);
}

TEST_CASE("a start that fails stops what it has started, and another port may be tried") {
  const TemporaryDirectory directory;
  const uint16_t taken = free_ports();
  const TakenPort somebody(taken);  // Whose the port of router-1 is.

  const Outcome failed =
      local_cluster(directory.path(), {"start", "--port", std::to_string(taken)});
  CHECK(failed.status == 1);
  CHECK_THAT(failed.output, Contains("error: router-1 has ended"));
  CHECK_THAT(failed.output, Contains("Stopping what this start has started: admin-1 a1 b1"));
  const std::string after = local_cluster(directory.path(), {"status"}).output;
  CHECK_THAT(after, Contains("stopped") && !Contains("running"));

  const std::string other = std::to_string(free_ports());
  const Outcome started = local_cluster(directory.path(), {"start", "--port", other});
  INFO(started.output);
  CHECK(started.status == 0);
  CHECK(local_cluster(directory.path(), {"stop"}).status == 0);
}

TEST_CASE("a start that fails leaves running what ran before it") {
  Cluster cluster;
  const uint16_t port = cluster.port("router-1");
  const std::vector<pid_t> before = {cluster.pid("admin-1"), cluster.pid("a1")};
  cluster.kill("router-1");
  cluster.kill("b1");
  {
    const TakenPort somebody(port);
    CHECK(local_cluster(cluster.directory(), {"start"}).status == 1);
  }
  CHECK_THAT(cluster.status(), Contains("b1         stopped"));
  for (const pid_t pid : before)
    CHECK(resident_bytes(pid) > 0);

  cluster.start();
  CHECK(std::vector<pid_t>{cluster.pid("admin-1"), cluster.pid("a1")} == before);
  cluster.await_service();
}

TEST_CASE("a cluster that runs is not started on other ports") {
  const Cluster cluster;
  const std::string other = std::to_string(free_ports());
  const Outcome outcome = local_cluster(cluster.directory(), {"start", "--port", other});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.output, Contains("admin-1 runs on port") && Contains("stop the cluster"));
  CHECK_THAT(cluster.status(), !Contains("stopped"));
}

}  // namespace
}  // namespace doris::integration
