// A worker: its clients' comings and goings, and what it counts.
#include "router/worker.h"

#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

TEST_CASE("a worker counts its clients, and tells when one has left") {
  RunningWorker router;
  FakeClient& first = router.connect();
  router.connect();
  CHECK(router.stats.clients.get() == 2);
  router.disconnect(first);
  CHECK(router.stats.clients.get() == 1);
  CHECK(router.stats.connections.get() == 2);
  CHECK(router.control.clients_ended == 1);
}

TEST_CASE("CLIENT LIST has a line for each client, in its turn among the replies") {
  RunningWorker router;
  router.client();
  router.connect().say("CLIENT SETNAME second");
  router.loop.settle();
  router.a.stall();
  router.say({"GET " + router.key_in(topology::Group::kA), "CLIENT LIST"});
  CHECK(router.replies().empty());
  router.a.go_on();
  router.loop.settle();
  const std::string list = router.replies().back();
  CHECK(std::count(list.begin(), list.end(), '\n') == 2);
  CHECK(list.find("id=1 ") != std::string::npos);
  CHECK(list.find(" name=second ") != std::string::npos);
}

TEST_CASE("commands, errors and keys found are counted") {
  RunningWorker router;
  router.ask(Lines{"SET k v", "GET k", "GET no", "MGET k no", "WHAT", "GET"});
  CHECK(router.stats.commands.get() == 6);
  CHECK(router.stats.errors.get() == 2);
  CHECK(router.stats.keyspace_hits.get() == 2);
  CHECK(router.stats.keyspace_misses.get() == 2);
}

TEST_CASE("what waits for data servers shows in the counters after a while, and goes again") {
  RunningWorker router;
  router.b.stall();
  router.say({"SET k " + std::string(1000, 'x')});
  router.loop.advance(Millis{300});
  CHECK(router.stats.backend_queued.get() == 1);
  CHECK(router.stats.backend_bytes.get() > 1000);
  router.b.go_on();
  router.loop.advance(Millis{300});
  CHECK(router.stats.backend_queued.get() == 0);
  CHECK(router.stats.backend_bytes.get() == 0);
}

TEST_CASE("a worker may end at any time, whatever is under way") {
  RunningWorker router;
  router.primary("k").records["k"] = {{1, 1ULL << 62, 999}, "theirs"};
  router.b.stall();
  router.connect().say("SET k v");
  router.connect().say("MGET a b c");
  router.connect().say("DORIS.STATUS");
  router.loop.settle();
  router.b.leave();
  router.loop.settle();
  router.worker.reset();
  router.loop.advance(Millis{10'000});
  CHECK(router.stats.clients.get() == 0);
}

}  // namespace
}  // namespace doris::router::test
