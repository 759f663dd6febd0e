// Random commands of several clients against two data servers that fail in every way known here,
// at random. One seed replays a storm.
//
// What must hold, whatever happens:
//   * every command gets exactly one reply, in the order of the commands;
//   * a read sees the last write that was acknowledged before it was asked, or a later one;
//   * when all is well again, a key whose last write was acknowledged has it, and if that changed
//     anything, in one version on both replicas. (Of a write that failed there may be one copy:
//     data servers bring it to the other one, but these do not.)
#include <array>
#include <catch2/catch.hpp>
#include <deque>
#include <set>

#include "base/random.h"
#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

constexpr int kKeys = 5;
constexpr int kClients = 4;

// One key's writes, in the order in which the router was asked for them: by one client each key,
// since there is no order between what clients have under way.
struct Story {
  struct Write {
    std::string value;  // As GET shows it.
    bool acknowledged = false;
  };
  std::vector<Write> writes = {{"nil", true}};
  size_t acknowledged = 0;  // The last one that was.
  bool changed = true;      // By that one; a DEL may have found nothing.
};

// A command of which the reply is still to come.
struct Pending {
  std::string command;  // "GET", "SET", ...
  std::string token;    // ECHO: what comes back.
  std::vector<int> keys;
  std::vector<size_t>
      at_least;  // For each key the write that is the oldest to be seen, or its own.
};

class Storm {
 public:
  explicit Storm(uint64_t seed) : random_(seed), router_(Overrides{{"read-policy", "primary"}}) {
    for (int i = 0; i < kClients; ++i)
      clients_.push_back({&router_.connect(), {}});
    for (FakeShard* shard : {&router_.a, &router_.b}) {
      shard->records[name(0)] = {{1, 1ULL << 60, 999}, {}};  // Ahead of the router's clock.
    }
  }

  void rage(int steps) {
    for (int i = 0; i < steps; ++i) {
      if (random_.below(10) < 6) {
        command(clients_[random_.below(kClients)]);
      } else {
        weather();
      }
      if (random_.below(3) > 0) settle();
    }
  }

  void calm_down() {
    for (FakeShard* shard : {&router_.a, &router_.b}) {
      if (!present(*shard)) shard->come_back();
      away_.erase(shard);
      shard->ready = shard->answers = true;
      shard->disk_full = false;
      shard->go_on();
    }
    catch_up();
    router_.loop.advance(Millis{20'000});
    settle();
  }

  void check_the_end() {
    for (const Client& client : clients_)
      CHECK(client.pending.empty());
    for (int key = 0; key < kKeys; ++key) {
      const Story& story = stories_[key];
      if (story.acknowledged + 1 != story.writes.size()) continue;
      INFO("key " << key << ", write " << story.acknowledged);
      if (story.changed) CHECK(router_.a.records[name(key)] == router_.b.records[name(key)]);
      CHECK(router_.ask("GET " + name(key)) == story.writes.back().value);
    }
    CHECK(acknowledged_ > 0);
  }

 private:
  struct Client {
    FakeClient* connection;
    std::deque<Pending> pending;
  };

  static std::string name(int key) { return "key" + std::to_string(key); }
  [[nodiscard]] bool present(FakeShard& shard) const { return !away_.contains(&shard); }
  int any_key() { return static_cast<int>(random_.below(kKeys)); }
  int own_key(const Client& client) {
    const auto index = static_cast<int>(&client - clients_.data());
    return index + kClients * static_cast<int>(random_.below((kKeys - index - 1) / kClients + 1));
  }

  // ---- Commands ----

  void command(Client& client) {
    switch (random_.below(8)) {
      case 0:
        return ask(client, "ECHO", {});
      case 1:
        return ask(client, "EXISTS", {any_key(), any_key()});
      case 2:
        return ask(client, "MGET", {any_key(), any_key()});
      case 3:
        return ask(client, "DEL", {own_key(client)});
      case 4:
        return ask(client, "MSET", {own_key(client), own_key(client)});
      case 5:
        return ask(client, "DBSIZE", {});
      case 6:
        return ask(client, "GET", {any_key()});
      default:
        return ask(client, "SET", {own_key(client)});
    }
  }

  void ask(Client& client, const std::string& word, std::vector<int> keys) {
    Pending pending{word, fmt::format("token{}", ++tokens_), std::move(keys), {}};
    std::string line = word;
    const bool sets = word == "SET" || word == "MSET";
    for (const int key : pending.keys) {
      line += " " + name(key);
      Story& story = stories_[key];
      if (sets || word == "DEL") {
        const std::string value = fmt::format("{}:{}", key, story.writes.size());
        if (sets) line += " " + value;
        story.writes.push_back({sets ? "\"" + value + "\"" : "nil"});
        pending.at_least.push_back(story.writes.size() - 1);
      } else {
        pending.at_least.push_back(story.acknowledged);
      }
    }
    if (word == "ECHO") line += " " + pending.token;
    client.connection->say(line);
    client.pending.push_back(std::move(pending));
    // The router must see the commands in the order in which the stories were written.
    router_.loop.run_pass();
    router_.loop.run_pass();
  }

  // ---- Replies ----

  void settle() {
    router_.loop.settle();
    for (Client& client : clients_) {
      for (const std::string& reply : client.connection->replies()) {
        INFO("reply " << reply);
        REQUIRE_FALSE(client.pending.empty());
        judge(client.pending.front(), reply);
        client.pending.pop_front();
      }
    }
  }

  void judge(const Pending& asked, const std::string& reply) {
    INFO("to " << asked.command << " " << asked.token);
    if (asked.command == "ECHO") {
      CHECK(reply == "\"" + asked.token + "\"");
    } else if (is_error(reply)) {
      ++errors_;
    } else if (asked.command == "GET") {
      CHECK(may_see(asked, 0, reply));
    } else if (asked.command == "MGET") {
      const size_t middle = reply.find(' ');
      REQUIRE(middle != std::string::npos);
      CHECK(may_see(asked, 0, reply.substr(1, middle - 1)));
      CHECK(may_see(asked, 1, reply.substr(middle + 1, reply.size() - middle - 2)));
    } else if (asked.command == "SET" || asked.command == "MSET") {
      CHECK(reply == "+OK");
      acknowledge(asked, true);
    } else {
      CHECK((reply == ":0" || reply == ":1" || reply == ":2"));
      if (asked.command == "DEL") acknowledge(asked, reply == ":1");
    }
  }

  static bool is_error(const std::string& reply) {
    return reply.starts_with("-TIMEOUT ") || reply.starts_with("-CLUSTERDOWN ") ||
           reply.starts_with("-DISKFULL ") || reply.starts_with("-UNKNOWN ");
  }

  bool may_see(const Pending& asked, size_t index, const std::string& value) {
    const Story& story = stories_[asked.keys[index]];
    for (size_t i = asked.at_least[index]; i < story.writes.size(); ++i) {
      if (story.writes[i].value == value) return true;
    }
    return false;
  }

  void acknowledge(const Pending& asked, bool changed) {
    ++acknowledged_;
    for (size_t i = 0; i < asked.keys.size(); ++i) {
      Story& story = stories_[asked.keys[i]];
      if (asked.at_least[i] < story.acknowledged) continue;
      story.acknowledged = asked.at_least[i];
      story.changed = changed;
    }
  }

  // ---- Weather ----

  void weather() {
    FakeShard& shard = random_.below(2) == 0 ? router_.a : router_.b;
    switch (random_.below(12)) {
      case 0:
        return shard.stall();
      case 1:
      case 2:
        return shard.go_on();
      case 3:
        return lose_answers(shard);
      case 4:
        return shard.drop();
      case 5:
        return leave_or_come_back(shard);
      case 6:
        shard.ready = !shard.ready;
        return;
      case 7:
        shard.disk_full = random_.below(4) == 0;
        return;
      case 8:
        shard.epoch = std::max(shard.epoch, router_.topology.epoch + random_.below(2));
        return;
      case 9:
        return catch_up();
      case 10:
        return router_.loop.advance(Millis{static_cast<int64_t>(random_.below(30))});
      default:
        return pass_time();
    }
  }

  void lose_answers(FakeShard& shard) {
    shard.answers = false;
    router_.loop.settle();
    shard.drop();
    shard.answers = true;
  }

  void leave_or_come_back(FakeShard& shard) {
    if (present(shard)) {
      shard.leave();
      away_.insert(&shard);
    } else {
      shard.come_back();
      away_.erase(&shard);
    }
  }

  void catch_up() {
    topology::Topology next = router_.topology;
    next.epoch = std::max({next.epoch + 1, router_.a.epoch, router_.b.epoch});
    router_.adopt(next);
  }

  void pass_time() {
    const auto most = random_.below(8) == 0 ? 6000 : 300;
    const auto time = static_cast<int64_t>(random_.below(static_cast<uint64_t>(most)));
    router_.clock.advance(time);
    router_.loop.advance(Millis{time});
  }

  Random random_;
  RunningWorker router_;
  std::vector<Client> clients_;
  std::array<Story, kKeys> stories_;
  std::set<FakeShard*> away_;
  int tokens_ = 0;
  int errors_ = 0;
  int acknowledged_ = 0;
};

TEST_CASE("in any storm each command gets one reply in order and what was acknowledged stays") {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    INFO("seed " << seed);
    Storm storm(seed);
    for (int spell = 0; spell < 3; ++spell) {
      storm.rage(150);
      storm.calm_down();
      storm.check_the_end();
    }
  }
}

}  // namespace
}  // namespace doris::router::test
