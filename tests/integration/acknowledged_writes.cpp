#include "tests/integration/acknowledged_writes.h"

#include <algorithm>

namespace doris::integration {
namespace {

constexpr size_t kWriters = 6;
constexpr uint64_t kKeysPerWriter = 50;

}  // namespace

AcknowledgedWrites::AcknowledgedWrites(uint16_t router_port)
    : port_(router_port), writers_(kWriters) {
  for (size_t i = 0; i < kWriters; ++i) {
    threads_.emplace_back([this, i] { write(writers_[i], i); });
  }
}

AcknowledgedWrites::~AcknowledgedWrites() {
  finish();
}

void AcknowledgedWrites::finish() {
  finished_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void AcknowledgedWrites::write(Writer& writer, size_t number) {
  RedisClient client(port_);
  for (uint64_t turn = 0; !finished_; ++turn) {
    if (!client.connected()) client.reconnect();
    const std::string key =
        "w" + std::to_string(number) + ":" + std::to_string(turn % kKeysPerWriter);
    const Value value = turn % 11 == 10 ? Value() : "turn " + std::to_string(turn);
    if (attempt(client, key, value, writer.keys[key], writer.failure)) {
      ++writer.acknowledged;
      continue;
    }
    ++writer.failed;
    std::this_thread::sleep_for(Millis{5});  // The cluster is being broken: no busy loop.
  }
}

bool AcknowledgedWrites::attempt(RedisClient& client, const std::string& key, const Value& value,
                                 History& history, std::string& failure) {
  const bool was_connected = client.connected();
  const Reply reply =
      value.has_value() ? client.command({"SET", key, *value}) : client.command({"DEL", key});
  if (reply.ok() || reply.kind == Reply::kInteger) {
    history.acknowledged = value;
    return true;
  }
  if (was_connected) history.unanswered.insert(value);  // Else it never left.
  if (failure.empty()) failure = (value.has_value() ? "SET " : "DEL ") + key + ": " + reply.text;
  return false;
}

bool AcknowledgedWrites::await_progress() const {
  std::vector<uint64_t> goals;
  for (const Writer& writer : writers_)
    goals.push_back(writer.acknowledged + 100);
  return eventually([&] {
    return std::ranges::equal(writers_, goals, [](const Writer& writer, uint64_t goal) {
      return writer.acknowledged >= goal;
    });
  });
}

std::string AcknowledgedWrites::broken(RedisClient& client) const {
  for (const Writer& writer : writers_) {
    for (const auto& [key, history] : writer.keys) {
      const Reply reply = client.command({"GET", key});
      if (reply.kind != Reply::kNil && reply.kind != Reply::kBulk) {
        return key + " cannot be read: " + reply.text;
      }
      const Value held = reply.kind == Reply::kNil ? Value() : reply.text;
      if (held != history.acknowledged && !history.unanswered.contains(held)) {
        return key + " holds " + held.value_or("nothing") + ", but acknowledged was " +
               history.acknowledged.value_or("its deletion");
      }
    }
  }
  return "";
}

uint64_t AcknowledgedWrites::acknowledged() const {
  uint64_t sum = 0;
  for (const Writer& writer : writers_)
    sum += writer.acknowledged;
  return sum;
}

uint64_t AcknowledgedWrites::failed() const {
  uint64_t sum = 0;
  for (const Writer& writer : writers_)
    sum += writer.failed;
  return sum;
}

std::string AcknowledgedWrites::failures() const {
  std::string text;
  for (const Writer& writer : writers_) {
    if (!writer.failure.empty()) text += writer.failure + "\n";
  }
  return text;
}

std::vector<std::string> AcknowledgedWrites::settled_keys() const {
  std::vector<std::string> settled;
  for (const Writer& writer : writers_) {
    for (const auto& [key, history] : writer.keys) {
      if (history.unanswered.empty()) settled.push_back(key);
    }
  }
  return settled;
}

}  // namespace doris::integration
