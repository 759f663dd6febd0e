// A shard's connections: fencing, DORIS.ADOPT, and peers that do not read.
#include "tests/server/shard_fixture.h"

namespace doris::server::test {
namespace {

using Catch::StartsWith;
using resp::Value;

// ---- Fencing -------------------------------------------------------------------------

TEST_CASE_METHOD(ServingShard, "a new connection of a writer closes the older one first") {
  const auto older = link(257);
  const auto stranger = link(258);
  const auto newer = link(257);
  CHECK(older->ended());
  CHECK_FALSE(stranger->ended());
  CHECK(ask(*newer, set("k", "v")) == ":0");
  CHECK(ask(*stranger, get("k")) == "v");
  CHECK(shard_->counters().sessions.get() == 2);
}

TEST_CASE_METHOD(ServingShard, "nothing that the older connection still holds is applied") {
  const auto older = link(257);
  const auto newer = connect();
  const auto pusher = link(258);
  // `newer` speaks before the older one's write is read, since that one is being held.
  older->send({"DORIS.ADOPT", "topology"});
  older->send(set("k", "late"));
  loop_.settle();
  CHECK_THAT(ask(*newer, link_words(257, 3)), StartsWith("[:3 "));
  CHECK(older->ended());
  REQUIRE(host_.adopts.size() == 1);
  host_.adopts[0].second(Value::simple("OK"));  // The answer finds nobody.
  loop_.settle();
  CHECK(ask(*newer, get("k")) == "nil");
  CHECK(older->replies().empty());
}

TEST_CASE_METHOD(ServingShard,
                 "a DORIS.LINK that is refused fences nevertheless, and can be fenced") {
  const auto first = link(257);
  const auto second = connect();
  CHECK_THAT(ask(*second, link_words(257, 2)), StartsWith("-STALEEPOCH 3 "));
  CHECK(first->ended());
  const auto third = link(257);
  CHECK(second->ended());
  CHECK_FALSE(third->ended());
}

TEST_CASE_METHOD(ServingShard, "a connection that links again does not fence itself") {
  const auto router = link(257);
  CHECK_THAT(ask(*router, link_words(257, 3)), StartsWith("[:3 "));
  CHECK(ask(*router, get("k")) == "nil");
}

class SmallShard : public ServingShard {
 public:
  SmallShard() : ServingShard(2) {}
};

TEST_CASE_METHOD(SmallShard, "a connection too many is told so, until another one leaves") {
  const auto first = link(257);
  auto second = link(258);
  const auto third = connect();
  loop_.settle();
  CHECK(third->replies() == Replies{"-ERR max number of clients reached"});
  CHECK(third->ended());
  CHECK(ask(*first, {"PING"}) == "+PONG");

  second.reset();
  loop_.settle();
  CHECK(shard_->counters().sessions.get() == 1);
  const auto fourth = link(259);
  CHECK(ask(*fourth, get("k")) == "nil");
}

// ---- DORIS.ADOPT ---------------------------------------------------------------------

TEST_CASE_METHOD(ServingShard, "commands behind a DORIS.ADOPT wait for its answer") {
  const auto router = link(257);
  router->send(set("k", "v"));
  router->send({"DORIS.ADOPT", "a topology"});
  router->send(get("k"));
  loop_.settle();
  CHECK(router->replies() == Replies{":0"});
  REQUIRE(host_.adopts.size() == 1);
  CHECK(host_.adopts[0].first == "a topology");

  host_.adopts[0].second(Value::simple("OK"));
  loop_.settle();
  CHECK(router->replies() == Replies{"+OK", "v"});
}

TEST_CASE_METHOD(ServingShard, "a topology that is refused leaves the connection as it was") {
  const auto router = link(257);
  router->send({"DORIS.ADOPT", "an old topology"});
  loop_.settle();
  REQUIRE(host_.adopts.size() == 1);
  host_.adopts[0].second(Value::error("STALEEPOCH 3 newer"));
  loop_.settle();
  CHECK(router->replies() == Replies{"-STALEEPOCH 3 newer"});
  CHECK(ask(*router, get("k")) == "nil");
}

TEST_CASE_METHOD(ServingShard, "a DORIS.ADOPT in a batch that fails is answered in its turn") {
  const auto router = link(257);
  store_->commit_error = Status::no_space("no room");
  router->send(set("k", "v"));
  router->send({"DORIS.ADOPT", "a topology"});
  router->send({"PING"});
  loop_.settle();
  CHECK(router->replies() == Replies{"-DISKFULL a1/0: no room"});
  REQUIRE(host_.adopts.size() == 1);
  host_.adopts[0].second(Value::simple("OK"));
  loop_.settle();
  CHECK(router->replies() == Replies{"+OK", "+PONG"});
}

TEST_CASE_METHOD(ServingShard,
                 "a peer that starts to read does not let a DORIS.ADOPT be overtaken") {
  const auto router = link(257);
  CHECK(ask(*router, set("k", std::string(100'000, 'x'))) == ":0");
  router->stream().in().bytes_max = 1000;
  router->stream().pause_reading();
  router->send(get("k"));
  router->send({"DORIS.ADOPT", "a topology"});
  router->send({"PING"});
  loop_.settle();
  router->stream().resume_reading();
  loop_.settle();
  CHECK(router->replies() == Replies{std::string(100'000, 'x')});
  REQUIRE(host_.adopts.size() == 1);
  host_.adopts[0].second(Value::simple("OK"));
  loop_.settle();
  CHECK(router->replies() == Replies{"+OK", "+PONG"});
}

// ---- Peers that do not read ----------------------------------------------------------

TEST_CASE_METHOD(ServingShard, "a peer that does not read has its commands wait, until it does") {
  const auto router = link(257);
  const std::string megabyte(1UL << 20, 'x');
  CHECK(ask(*router, set("k", megabyte)) == ":0");
  router->stream().in().bytes_max = 64 * 1024;
  router->stream().pause_reading();
  for (int i = 0; i < 40; ++i)
    router->send(get("k"));
  loop_.settle();
  CHECK(shard_->counters().reads.get() <= 6);
  CHECK(router->replies().empty());

  router->stream().resume_reading();
  loop_.settle();
  CHECK(router->replies() == Replies(40, megabyte));
  CHECK(ask(*router, {"PING"}) == "+PONG");
}

TEST_CASE_METHOD(ServingShard, "a peer that reads at once gets more than may wait for it") {
  const auto router = link(257);
  const std::string megabyte(1UL << 20, 'x');
  CHECK(ask(*router, set("k", megabyte)) == ":0");
  for (int i = 0; i < 40; ++i)
    router->send(get("k"));
  loop_.settle();
  loop_.advance(Millis{1});
  CHECK(router->replies() == Replies(40, megabyte));
}

TEST_CASE_METHOD(ServingShard, "a connection that waits for its peer is run again in its order") {
  const auto router = link(257);
  const std::string large(3UL << 20, 'x');
  CHECK(ask(*router, set("k", large)) == ":0");
  router->stream().in().bytes_max = 64 * 1024;
  store_->commit_error = Status::no_space("no room");
  router->send(set("other", "v", 2));
  for (int i = 0; i < 3; ++i)
    router->send(get("k"));
  router->send({"PING"});
  loop_.settle();
  CHECK(router->replies() == Replies{"-DISKFULL a1/0: no room", large, large, large, "+PONG"});
}

}  // namespace
}  // namespace doris::server::test
