#include "tests/integration/counters.h"

#include <algorithm>

#include "tests/integration/redis_client.h"

namespace doris::integration {
namespace {

constexpr size_t kClients = 6;
constexpr const char* kShared = "counted by all";

}  // namespace

Counters::Counters(uint16_t router_port)
    : port_(router_port), shared_(kClients), complaints_(kClients) {
  for (size_t i = 0; i < kClients; ++i)
    threads_.emplace_back([this, i] { count(i); });
}

Counters::~Counters() {
  finish();
}

void Counters::finish() {
  finished_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Counters::count(size_t client) {
  RedisClient connection(port_);
  const std::string own = "counted by " + std::to_string(client);
  int64_t expected = 0;
  while (!finished_ && complaints_[client].empty()) {
    const Reply mine = connection.command({"INCR", own});
    if (mine != Reply::integer(++expected)) {
      complaints_[client] = "INCR " + own + ": " + std::to_string(mine.number) + " " + mine.text +
                            ", not " + std::to_string(expected);
    }
    const Reply all = connection.command({"INCR", kShared});
    shared_[client].push_back(all.number);
    if (!all.text.empty()) complaints_[client] = all.text;
    ++counted_;
  }
}

std::string Counters::wrong() const {
  std::vector<int64_t> all;
  for (size_t i = 0; i < kClients; ++i) {
    if (!complaints_[i].empty()) return complaints_[i];
    if (!std::is_sorted(shared_[i].begin(), shared_[i].end())) return "a counter went back";
    all.insert(all.end(), shared_[i].begin(), shared_[i].end());
  }
  std::sort(all.begin(), all.end());
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i] != static_cast<int64_t>(i) + 1)
      return "the shared counter has answered " + std::to_string(all[i]) + " as number " +
             std::to_string(i + 1);
  }
  return "";
}

}  // namespace doris::integration
