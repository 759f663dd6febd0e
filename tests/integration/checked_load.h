// CheckedLoad: clients that read and write a few hot keys all the time, while a test breaks the
// cluster under them, and the question whether what they were told can be true: the judge is the
// simulation's, tests/checker.
//
//   CheckedLoad load(cluster.routers());   // Starts.
//   cluster.kill("a1"); ...
//   load.await_progress();                 // Every client has had new answers.
//   load.finish();                         // Reads every key once more.
//   CHECK(load.violations() == "");        // Linearizable, and nothing acknowledged is lost.
//   CHECK(load.refusals() == "");          // No client was answered by an error.
#pragma once

#include <atomic>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/checker/history.h"
#include "tests/integration/load_client.h"

namespace doris::integration {

class CheckedLoad {
 public:
  // The keys are none that the cluster has.
  explicit CheckedLoad(std::vector<Endpoint> routers, uint32_t clients = 8);
  ~CheckedLoad();
  CheckedLoad(const CheckedLoad&) = delete;
  CheckedLoad& operator=(const CheckedLoad&) = delete;

  // Waits until each client has had a hundred more answers; false if not soon.
  [[nodiscard]] bool await_progress() const;

  // Since the load began.
  [[nodiscard]] checker::Micros now() const;

  // Ends the clients, and reads every key once more through any router that answers. The functions
  // below REQUIRE that it was called.
  void finish();

  // What clients were told that cannot be, in words; "" if all can be.
  [[nodiscard]] std::string violations() const;

  // The same of the last reads alone: what was acknowledged, and is not there any more.
  [[nodiscard]] std::string losses() const;

  // The first error that each client was answered with, in words; none: no client was.
  [[nodiscard]] std::vector<std::string> refusal_lines() const;
  [[nodiscard]] std::string refusals() const;  // The same, one after the other.
  [[nodiscard]] uint64_t refused() const;      // Commands, by an error.
  [[nodiscard]] uint64_t broken() const;       // Connections, lost or refused.
  [[nodiscard]] uint64_t answered() const;

  // The longest that a client went without an answer, of those that ended between two times; of
  // all clients, or of those that began with this one of the routers, and stay until it breaks.
  [[nodiscard]] checker::Micros longest_wait(bool writes, checker::Micros from,
                                             checker::Micros until,
                                             std::optional<size_t> router = std::nullopt) const;

  [[nodiscard]] std::vector<std::string> keys() const;

 private:
  void end_clients();
  void read_again(const std::string& key);

  const std::vector<Endpoint> routers_;
  const LoadClient::Clock::time_point beginning_ = LoadClient::Clock::now();
  HotKeys hot_keys_;
  std::atomic<bool> finished_ = false;
  std::deque<LoadClient> clients_;
  std::vector<std::thread> threads_;
  checker::Histories histories_;   // As the clients wrote them down.
  checker::Histories last_reads_;  // Those of finish().
  std::string unreadable_;         // What could not be read then.
};

}  // namespace doris::integration
