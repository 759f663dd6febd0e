// AcknowledgedWrites: concurrent writers that remember what they were promised, so that a
// test can break the cluster under them and then ask whether every promise was kept.
//
//   AcknowledgedWrites writes(port);     // Starts writing.
//   cluster.kill("a1"); ...
//   writes.await_progress();             // Every writer has had new acknowledgements.
//   writes.finish();
//   CHECK(writes.broken(client) == "");
//
// Each writer sets and deletes keys of its own. A write that was acknowledged must be
// there, or else a later attempt on the same key: one that was never answered may take
// effect at any time after it was sent.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/redis_client.h"

namespace doris::integration {

class AcknowledgedWrites {
 public:
  explicit AcknowledgedWrites(uint16_t router_port);
  ~AcknowledgedWrites();
  AcknowledgedWrites(const AcknowledgedWrites&) = delete;
  AcknowledgedWrites& operator=(const AcknowledgedWrites&) = delete;

  // Waits until each writer has had a hundred more writes acknowledged; false if not soon.
  [[nodiscard]] bool await_progress() const;

  // Ends the writers. The functions below REQUIRE that it was called.
  void finish();

  // The first promise that is broken, in words; "" if none is.
  [[nodiscard]] std::string broken(RedisClient& client) const;

  [[nodiscard]] uint64_t acknowledged() const;
  [[nodiscard]] uint64_t failed() const;  // Attempts that were answered by an error, or not.

  // What the first of the failed ones were told, of each writer.
  [[nodiscard]] std::string failures() const;

  // Keys of which every attempt was acknowledged.
  [[nodiscard]] std::vector<std::string> settled_keys() const;

 private:
  using Value = std::optional<std::string>;  // None: deleted.

  struct History {
    Value acknowledged;
    std::set<Value> unanswered;
  };

  struct Writer {
    std::map<std::string, History> keys;  // The writer's own until finish().
    std::atomic<uint64_t> acknowledged = 0;
    std::atomic<uint64_t> failed = 0;
    std::string failure;  // The first; the writer's own until finish().
  };

  void write(Writer& writer, size_t number);
  static bool attempt(RedisClient& client, const std::string& key, const Value& value,
                      History& history, std::string& failure);

  const uint16_t port_;
  std::atomic<bool> finished_ = false;
  std::vector<Writer> writers_;
  std::vector<std::thread> threads_;
};

}  // namespace doris::integration
