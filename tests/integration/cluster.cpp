// Catch2's listeners are declared only to whoever asks for them.
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include "tests/integration/cluster.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>

#include "tests/integration/files.h"

namespace doris::integration {
namespace {

// Whether the test case that runs has failed an assertion.
bool test_failed = false;

class FailureListener : public Catch::TestEventListenerBase {
 public:
  using TestEventListenerBase::TestEventListenerBase;

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    TestEventListenerBase::testCaseStarting(info);
    test_failed = false;
  }

  bool assertionEnded(const Catch::AssertionStats& stats) override {
    test_failed = test_failed || !stats.assertionResult.isOk();
    return false;
  }
};
CATCH_REGISTER_LISTENER(FailureListener)

// What a log must not hold: the words of sanitizers, and of DORIS_CHECK.
constexpr const char* kAlarms[] = {"AddressSanitizer", "ThreadSanitizer", "LeakSanitizer",
                                   "runtime error:", "check failed"};

std::string last_lines(const std::string& text, size_t lines) {
  size_t at = text.size();
  while (lines-- > 0 && at > 1) {
    at = text.rfind('\n', at - 2);
    if (at == std::string::npos) return text;
    ++at;
  }
  return text.substr(at);
}

bool port_is_free(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return free;
}

}  // namespace

uint16_t free_ports() {
  constexpr uint16_t kRange = 100;
  constexpr uint16_t kRanges = 120;  // From 20000 to below 32768, where the kernel's own start.
  static auto next = static_cast<uint32_t>(getpid());
  for (uint32_t attempt = 0; attempt < kRanges; ++attempt) {
    const auto first = static_cast<uint16_t>(20000 + next++ % kRanges * kRange);
    bool all_free = true;
    for (uint16_t i = 0; i < kRange && all_free; ++i)
      all_free = port_is_free(first + i);
    if (all_free) return first;
  }
  FAIL("no 100 free ports in a row");
  return 0;
}

std::string program(const std::string& name) {
  return std::string(DORIS_BUILD_DIR) + "/" + name;
}

Cluster::Cluster(Options options, Idle)
    : options_(std::move(options)), directory_(new_directory()), first_port_(free_ports()) {}

Cluster::Cluster(Options options) : Cluster(std::move(options), Idle::kIdle) {
  std::vector<std::string> args = {"start", "--port", std::to_string(first_port_)};
  const auto add = [&](const std::string& flag, const std::string& value) {
    args.push_back(flag);
    args.push_back(value);
  };
  add("--servers-per-group", std::to_string(options_.servers_per_group));
  add("--standbys", std::to_string(options_.standbys));
  add("--routers", std::to_string(options_.routers));
  add("--conf", "log-segment-size=8mb");  // A test writes little, on whatever disk there is.
  add("--conf", "disk-free-min=16mb");
  for (const std::string& line : options_.conf)
    add("--conf", line);
  if (options_.network != nullptr) {
    for (const std::string& name : names())
      add("--machine",
          name + "=" + options_.network->address(name) + "," + options_.network->path(name));
  }
  must(args);
}

Cluster::~Cluster() {
  const Outcome stopped = control({"stop"});
  if (stopped.status != 0 || !stopped.output.empty()) {
    FAIL_CHECK("stopping the cluster: " << stopped.output);
  }
  judge_logs();
  if (test_failed) {
    for (const std::string& name : names()) {
      std::cout << "--- " << name << ".log\n" << last_lines(log(name), 25) << std::flush;
    }
  }
  remove_directory(directory_);
}

void Cluster::judge_logs() const {
  for (const std::string& name : names()) {
    const std::string text = log(name);
    for (const char* alarm : kAlarms) {
      const size_t at = text.find(alarm);
      if (at != std::string::npos) FAIL_CHECK(name << ": " << text.substr(at, 4000));
    }
  }
}

Outcome Cluster::control(std::vector<std::string> args) const {
  std::vector<std::string> argv = {"env", std::string("DORIS_BUILD=") + DORIS_BUILD_DIR,
                                   std::string(DORIS_SOURCE_DIR) + "/tools/local_cluster.sh",
                                   "--dir", directory_};
  argv.insert(argv.end(), args.begin(), args.end());
  return run(argv);
}

void Cluster::must(std::vector<std::string> args) const {
  const Outcome outcome = control(args);
  INFO("local_cluster.sh " << args[0] << ": " << outcome.output);
  REQUIRE(outcome.status == 0);
}

void Cluster::start() {
  must({"start"});
}
void Cluster::stop() {
  must({"stop"});
}
void Cluster::kill(const std::string& name) {
  must({"kill", name});
}
void Cluster::kill_together(const std::vector<std::string>& names) {
  std::vector<pid_t> pids;
  for (const std::string& name : names)
    pids.push_back(pid(name));
  for (const pid_t pid : pids)
    REQUIRE(::kill(pid, SIGKILL) == 0);
  REQUIRE(eventually([&] {
    return std::ranges::all_of(pids, [](pid_t pid) { return resident_bytes(pid) == 0; });
  }));
}
void Cluster::freeze(const std::string& name) {
  must({"freeze", name});
}
void Cluster::thaw(const std::string& name) {
  must({"thaw", name});
}
void Cluster::restart(const std::string& name) {
  must({"restart", name});
}

bool Cluster::try_kill(const std::string& name) {
  return control({"kill", name}).status == 0;
}
bool Cluster::try_restart(const std::string& name) {
  return control({"restart", name}).status == 0;
}

void Cluster::await_service(const std::string& router) {
  RedisClient probe = client(router);
  Reply last;
  const bool serves = eventually([&] {
    if (!probe.connected()) probe.reconnect();
    // Enough keys to meet every data server.
    for (int i = 0; i < 64; ++i) {
      const std::string key = "await-service:" + std::to_string(i);
      last = probe.command({"SET", key, "1"});
      if (last.ok()) last = probe.command({"DEL", key});
      if (last != Reply::integer(1)) return false;
    }
    return true;
  });
  INFO("the last answer: " << last);
  REQUIRE(serves);
}

std::vector<std::string> Cluster::names() const {
  std::vector<std::string> all = {"admin-1"};
  const auto add = [&](const std::string& prefix, uint32_t count) {
    for (uint32_t i = 1; i <= count; ++i)
      all.push_back(prefix + std::to_string(i));
  };
  add("a", options_.servers_per_group);
  add("b", options_.servers_per_group);
  add("s", options_.standbys);
  add("router-", options_.routers);
  return all;
}

std::string Cluster::status() const {
  return control({"status"}).output;
}

Endpoint Cluster::endpoint(const std::string& name) const {
  const std::string host =
      options_.network == nullptr ? "127.0.0.1" : options_.network->address(name);
  return {host, port(name)};
}

std::vector<Endpoint> Cluster::routers() const {
  std::vector<Endpoint> all;
  for (uint32_t i = 1; i <= options_.routers; ++i)
    all.push_back(endpoint("router-" + std::to_string(i)));
  return all;
}

uint16_t Cluster::port(const std::string& name) const {
  return static_cast<uint16_t>(std::stoul(contents(directory_ + "/" + name + ".port")));
}

pid_t Cluster::pid(const std::string& name) const {
  return static_cast<pid_t>(std::stol(contents(directory_ + "/" + name + ".pid")));
}

std::string Cluster::log(const std::string& name) const {
  return contents(directory_ + "/" + name + ".log");
}

}  // namespace doris::integration
