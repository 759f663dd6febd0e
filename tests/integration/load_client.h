// LoadClient: one client of a CheckedLoad. It asks one command at a time of one router, and
// writes down what it asked, what it was told, and when. When it is told nothing useful - an
// error, a lost connection - what became of the command is unknown, and it goes to a router
// chosen anew.
//
// One thread runs it; when that has ended, any may read what it wrote down.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "tests/checker/history.h"
#include "tests/checker/workload.h"
#include "tests/integration/hot_keys.h"
#include "tests/integration/redis_client.h"

namespace doris::integration {

// A reply as tests/checker/key_model.h writes it: "+OK", ":1", "$value", "nil", "-ERR ...".
[[nodiscard]] std::string text_of(const Reply& reply);

class LoadClient {
 public:
  using Clock = std::chrono::steady_clock;

  // How long it went without an answer until it got one: of the command that got it, and of
  // those before that got none.
  struct Wait {
    checker::Micros until;
    checker::Micros time;
    bool write;
  };

  // Times are counted from `beginning`. `keys` outlives it.
  LoadClient(uint32_t number, std::vector<Endpoint> routers, HotKeys& keys,
             Clock::time_point beginning);

  void run(const std::atomic<bool>& finished);

  [[nodiscard]] size_t first_router() const { return number_ % routers_.size(); }

  [[nodiscard]] uint64_t answered() const { return answered_; }  // Any thread, any time.

  [[nodiscard]] const checker::History& history() const { return history_; }
  [[nodiscard]] const std::vector<Wait>& waits() const { return waits_; }
  [[nodiscard]] uint64_t broken() const { return broken_; }    // Connections, lost or refused.
  [[nodiscard]] uint64_t refused() const { return refused_; }  // Commands, by an error.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }  // The first, in words.

 private:
  void ask();
  void on_answer(checker::Operation operation);
  void on_trouble(checker::Operation operation, const Reply& reply);
  bool connect();
  [[nodiscard]] checker::Micros now() const;

  const uint32_t number_;
  const std::vector<Endpoint> routers_;
  const Clock::time_point beginning_;
  HotKeys& keys_;
  Random random_;
  checker::Workload workload_;
  RedisClient connection_;
  std::optional<checker::Micros> waits_since_;
  std::atomic<uint64_t> answered_ = 0;

  checker::History history_;  // Of all keys, as it came.
  std::vector<Wait> waits_;
  std::string refusal_;
  uint64_t broken_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace doris::integration
