#include "tests/integration/checked_load.h"

#include <algorithm>

#include "tests/checker/linearizability.h"

namespace doris::integration {

using checker::Micros;

CheckedLoad::CheckedLoad(std::vector<Endpoint> routers, uint32_t clients)
    : routers_(std::move(routers)) {
  for (uint32_t i = 1; i <= clients; ++i)
    clients_.emplace_back(i, routers_, hot_keys_, beginning_);
  for (LoadClient& client : clients_)
    threads_.emplace_back([this, &client] { client.run(finished_); });
}

CheckedLoad::~CheckedLoad() {
  end_clients();
}

void CheckedLoad::end_clients() {
  finished_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

Micros CheckedLoad::now() const {
  return std::chrono::duration_cast<Micros>(LoadClient::Clock::now() - beginning_);
}

bool CheckedLoad::await_progress() const {
  std::vector<uint64_t> goals;
  for (const LoadClient& client : clients_)
    goals.push_back(client.answered() + 100);
  return eventually([&] {
    return std::ranges::equal(clients_, goals, [](const LoadClient& client, uint64_t goal) {
      return client.answered() >= goal;
    });
  });
}

void CheckedLoad::finish() {
  end_clients();
  for (const LoadClient& client : clients_) {
    for (const checker::Operation& operation : client.history())
      histories_[operation.command[1]].push_back(operation);
  }
  for (const auto& [key, history] : histories_)
    read_again(key);
}

void CheckedLoad::read_again(const std::string& key) {
  RedisClient client(routers_.front());
  size_t next = 0;
  checker::Operation read{.client = 0, .command = {"GET", key}};
  Reply reply;
  const bool answered = eventually([&] {
    if (!client.connected()) client = RedisClient(routers_[++next % routers_.size()]);
    read.invoked = now();
    reply = client.command(read.command);
    return reply.kind == Reply::kBulk || reply.kind == Reply::kNil;
  });
  read.returned = now();
  read.reply = text_of(reply);
  if (answered) {
    last_reads_[key].push_back(std::move(read));
  } else {
    unreadable_ += key + " cannot be read: " + read.reply + "\n";
  }
}

std::string CheckedLoad::violations() const {
  return checker::fault_in(histories_) + losses();
}

std::string CheckedLoad::losses() const {
  std::string faults = unreadable_;
  for (const auto& [key, reads] : last_reads_) {
    checker::History history = histories_.at(key);
    if (!checker::fault_in(key, history).empty()) continue;
    history.insert(history.end(), reads.begin(), reads.end());
    faults += checker::fault_in(key, history);
  }
  return faults;
}

std::vector<std::string> CheckedLoad::refusal_lines() const {
  std::vector<std::string> all;
  for (const LoadClient& client : clients_) {
    if (!client.refusal().empty()) all.push_back(client.refusal());
  }
  return all;
}

std::string CheckedLoad::refusals() const {
  std::string text;
  for (const std::string& refusal : refusal_lines())
    text += refusal;
  return text;
}

uint64_t CheckedLoad::refused() const {
  uint64_t sum = 0;
  for (const LoadClient& client : clients_)
    sum += client.refused();
  return sum;
}

uint64_t CheckedLoad::broken() const {
  uint64_t sum = 0;
  for (const LoadClient& client : clients_)
    sum += client.broken();
  return sum;
}

uint64_t CheckedLoad::answered() const {
  uint64_t sum = 0;
  for (const LoadClient& client : clients_)
    sum += client.answered();
  return sum;
}

Micros CheckedLoad::longest_wait(bool writes, Micros from, Micros until,
                                 std::optional<size_t> router) const {
  Micros longest{0};
  for (const LoadClient& client : clients_) {
    if (router && client.first_router() != *router) continue;
    for (const LoadClient::Wait& wait : client.waits()) {
      const bool counts = wait.write == writes && wait.until >= from && wait.until <= until;
      if (counts) longest = std::max(longest, wait.time);
    }
  }
  return longest;
}

std::vector<std::string> CheckedLoad::keys() const {
  std::vector<std::string> all;
  for (const auto& [key, history] : histories_)
    all.push_back(key);
  return all;
}

}  // namespace doris::integration
