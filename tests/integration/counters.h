// Counters: clients that count, some on a key of their own and all on one that they share, while
// the cluster is broken under them. What INCR has answered may never come twice or go missing.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace doris::integration {

class Counters {
 public:
  // Starts counting.
  explicit Counters(uint16_t router_port);
  ~Counters();
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  // Ends the clients. The functions below REQUIRE that it was called.
  void finish();

  // What is wrong, in words; "" if nothing is.
  [[nodiscard]] std::string wrong() const;

  [[nodiscard]] uint64_t counted() const { return counted_; }

 private:
  void count(size_t client);
  void complain(const std::string& what);

  const uint16_t port_;
  std::atomic<bool> finished_ = false;
  std::atomic<uint64_t> counted_ = 0;         // On the shared key.
  std::vector<std::vector<int64_t>> shared_;  // What each client was answered there.
  std::vector<std::string> complaints_;       // One place for each client.
  std::vector<std::thread> threads_;
};

}  // namespace doris::integration
