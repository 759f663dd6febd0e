// CLIENT LIST and CLIENT KILL: whom they are about. What is refused, and the words, are those of
// redis-server 7.0.15.
#include "router/client_filter.h"

#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

// A router with clients 1, 2 and 3; the first one asks.
class ThreeClients : public RunningWorker {
 public:
  ThreeClients() {
    client();
    connect();
    connect();
  }

  // "1 3": who is connected.
  std::string connected() {
    std::string ids;
    for (const int64_t id : {1, 2, 3}) {
      ClientFilter filter;
      filter.ids.emplace({id});
      if (!worker->describe_clients(filter).empty())
        ids += (ids.empty() ? "" : " ") + std::to_string(id);
    }
    return ids;
  }

  // `words`, with the address of client 3 for "@3".
  std::string spelt(const std::string& words) {
    const size_t at = words.find('@');
    if (at == std::string::npos) return words;
    ClientFilter filter;
    filter.ids.emplace({int64_t{words[at + 1] - '0'}});
    const std::string line = worker->describe_clients(filter);
    const size_t start = line.find(" addr=") + 6;
    const std::string address = line.substr(start, line.find(' ', start) - start);
    return words.substr(0, at) + address + words.substr(at + 2);
  }

  // The ids that a reply to CLIENT LIST shows.
  std::string listed(const std::string& command) {
    const std::string reply = ask(command);
    std::vector<std::string> ids;
    for (size_t at = reply.find("id="); at != std::string::npos; at = reply.find("\nid=", at)) {
      at = reply.find('=', at) + 1;
      ids.push_back(reply.substr(at, reply.find(' ', at) - at));
    }
    std::ranges::sort(ids);
    return fmt::format("{}", fmt::join(ids, " "));
  }
};

TEST_CASE("CLIENT LIST shows those that are asked for") {
  ThreeClients router;
  CHECK(router.listed("CLIENT LIST") == "1 2 3");
  CHECK(router.listed("CLIENT LIST ID 3 9 1 3 -5") == "1 3");
  CHECK(router.listed("client list id 9") == "");
  CHECK(router.listed("CLIENT LIST TYPE Normal") == "1 2 3");
  for (const std::string type : {"slave", "replica", "pubsub", "MASTER"})
    CHECK(router.ask("CLIENT LIST TYPE " + type) == "\"\"");
}

TEST_CASE("CLIENT LIST refuses what Redis refuses") {
  ThreeClients router;
  CHECK(router.ask("CLIENT LIST TYPE foo") == "-ERR Unknown client type 'foo'");
  CHECK(router.ask("CLIENT LIST ID 1 x") == "-ERR Invalid client ID");
  for (const std::string words : {"TYPE", "ID", "FOO", "TYPE normal ID 4"})
    CHECK(router.ask("CLIENT LIST " + words) == "-ERR syntax error");
  CHECK(router.stats.errors.get() == 6);
}

TEST_CASE("CLIENT KILL closes whom its options are about, and says how many") {
  ThreeClients router;
  const Lines story = GENERATE(
      Lines{"ID 2", ":1", "1 3"}, Lines{"ID 2 ID 3", ":1", "1 2"}, Lines{"ID 9", ":0", "1 2 3"},
      Lines{"ID 1", ":0", "1 2 3"}, Lines{"ADDR @3", ":1", "1 2"},
      Lines{"ADDR @3 ID 2", ":0", "1 2 3"},
      Lines{"ADDR @3 ID 3 TYPE normal USER default", ":1", "1 2"},
      Lines{"LADDR 127.0.0.1:6379", ":2", "1"}, Lines{"LADDR 127.0.0.1:6380", ":0", "1 2 3"},
      Lines{"type normal", ":2", "1"}, Lines{"TYPE pubsub", ":0", "1 2 3"},
      Lines{"USER default SKIPME yes", ":2", "1"}, Lines{"SKIPME YES", ":2", "1"},
      Lines{"@2", "+OK", "1 3"}, Lines{"1.2.3.4:5", "-ERR No such client", "1 2 3"});
  INFO(story[0]);
  CHECK(router.ask("CLIENT KILL " + router.spelt(story[0])) == story[1]);
  CHECK(router.connected() == story[2]);
  CHECK(router.ask("PING") == "+PONG");
}

TEST_CASE("CLIENT KILL refuses what Redis refuses, and closes nobody") {
  ThreeClients router;
  for (const std::string words : {"SKIPME maybe ID 2", "FOO bar", "ID 2 ADDR", "MAXAGE 1"})
    CHECK(router.ask("CLIENT KILL " + words) == "-ERR syntax error");
  for (const std::string id : {"x", "0", "-1"}) {
    CHECK(router.ask("CLIENT KILL TYPE normal ID " + id) ==
          "-ERR client-id should be greater than 0");
  }
  CHECK(router.ask("CLIENT KILL TYPE foo") == "-ERR Unknown client type 'foo'");
  CHECK(router.ask("CLIENT KILL USER bob") == "-ERR No such user 'bob'");
  CHECK(router.ask("CLIENT KILL ID") == "-ERR No such client");
  CHECK(router.connected() == "1 2 3");
}

TEST_CASE("who kills itself is answered first, and what it sends behind is not run") {
  ThreeClients router;
  const Lines story = GENERATE(Lines{"ID 1 SKIPME no", ":1"}, Lines{"TYPE normal SKIPME NO", ":3"},
                               Lines{"@1", "+OK"});
  router.a.stall();
  const std::string key = router.key_in(topology::Group::kA);
  router.say({"GET " + key, "CLIENT KILL " + router.spelt(story[0]), "SET " + key + " v"});
  CHECK(router.replies().empty());
  router.a.go_on();
  router.loop.settle();
  CHECK(router.replies() == Lines{"nil", story[1]});
  CHECK_FALSE(router.client().connected());
  CHECK(router.a.records.empty());
}

TEST_CASE("what a client had under way when it was killed is finished") {
  ThreeClients router;
  router.b.stall();
  FakeClient& other = router.connect();
  other.say("SET k v");
  router.loop.settle();
  CHECK(router.ask("CLIENT KILL ID 4") == ":1");
  CHECK_FALSE(other.connected());
  CHECK(router.control.clients_ended == 1);
  router.b.go_on();
  router.loop.settle();
  CHECK(router.ask("GET k") == "\"v\"");
}

}  // namespace
}  // namespace doris::router::test
