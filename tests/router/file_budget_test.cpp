// Descriptors for clients and for connections to data servers.
#include "router/file_budget.h"

#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/topology/sample_topology.h"

namespace doris::router {
namespace {

constexpr uint32_t kThreads = 32;
constexpr uint8_t kShards = 8;

topology::RoutingTable table_of(uint32_t nodes_per_group) {
  return topology::RoutingTable(topology::test::formed_topology(16, nodes_per_group, kShards));
}

// The process's own limit is another one while this lives. Only the soft one: that can be undone.
class SoftLimit {
 public:
  explicit SoftLimit(uint64_t files) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit now = before_;
    now.rlim_cur = std::min<rlim_t>(files, before_.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~SoftLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  SoftLimit(const SoftLimit&) = delete;
  SoftLimit& operator=(const SoftLimit&) = delete;

  static uint64_t now() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
  }

 private:
  rlimit before_{};
};

TEST_CASE("a router takes all the open files that it may have, not only its clients'") {
  const SoftLimit low(500);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  FileBudget budget(100, kThreads);
  REQUIRE(budget.make_room().ok());
  CHECK(SoftLimit::now() >= limit.rlim_max);
}

TEST_CASE("maxclients is what it says while there are files for all") {
  const SoftLimit low(100 + 256 + kThreads * 4 * kShards);
  FileBudget budget(100, kThreads);
  budget.adopt(table_of(2));
  CHECK(budget.clients() == 100);
}

TEST_CASE("fewer clients are let in when the data servers' connections need the files") {
  const SoftLimit low(100 + 256 + kThreads * 4 * kShards - 30);
  FileBudget budget(100, kThreads);
  budget.adopt(table_of(2));
  CHECK(budget.clients() == 70);
  budget.adopt(table_of(1));
  CHECK(budget.clients() == 100);
}

TEST_CASE("one client is let in however few files there are") {
  CHECK(FileBudget::clients_beside(2048, 1024, 100) == 1);
  CHECK(FileBudget::clients_beside(2048, 2048 + 256, 100) == 1);
  CHECK(FileBudget::clients_beside(2048, 2048 + 256 + 50, 100) == 50);
  CHECK(FileBudget::clients_beside(0, RLIM_INFINITY, 100) == 100);
}

}  // namespace
}  // namespace doris::router
