// Which replica answers a read.
#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

const Overrides kAnyReplica = {{"read-policy", "any"}};

TEST_CASE("GET and EXISTS ask the primary only") {
  RunningWorker router;
  for (const auto group : {topology::Group::kA, topology::Group::kB}) {
    const std::string key = router.key_in(group);
    CHECK(router.ask(Lines{"GET " + key, "EXISTS " + key}) == Lines{"nil", ":0"});
    CHECK(router.primary(key).take_asked() == Lines{"VGET " + key, "VHAS " + key});
    CHECK(router.secondary(key).asked.empty());
  }
}

TEST_CASE("with read-policy primary a read waits for its primary to come back") {
  RunningWorker router;
  router.ask("SET k v");
  router.primary("k").leave();
  CHECK(router.ask("GET k") == "(none)");
  router.primary("k").come_back();
  router.loop.advance(Millis{2000});
  CHECK(router.replies() == Lines{"\"v\""});
  CHECK(router.secondary("k").asked == Lines{"VSET S k v"});
}

TEST_CASE("with read-policy any the other replica answers while the primary is unreachable") {
  RunningWorker router(kAnyReplica);
  router.ask("SET k v");
  router.secondary("k").take_asked();
  router.primary("k").leave();
  CHECK(router.ask("GET k") == "\"v\"");
  CHECK(router.secondary("k").take_asked() == Lines{"VGET k"});

  router.primary("k").come_back();
  router.loop.advance(Millis{2000});
  CHECK(router.ask("GET k") == "\"v\"");
  CHECK(router.secondary("k").asked.empty());
}

TEST_CASE("with read-policy any a read goes over to the other replica when its primary is lost") {
  RunningWorker router(kAnyReplica);
  router.ask("SET k v");
  router.primary("k").stall();
  CHECK(router.ask("GET k") == "(none)");
  router.primary("k").leave();
  router.loop.settle();
  CHECK(router.replies() == Lines{"\"v\""});
}

TEST_CASE("MGET gathers values from all over in the order of its keys") {
  RunningWorker router;
  const std::string a = router.key_in(topology::Group::kA);
  const std::string b = router.key_in(topology::Group::kB);
  router.ask(Lines{"SET " + a + " 1", "SET " + b + " 2"});
  CHECK(router.ask("MGET " + b + " no " + a + " " + b) == "[\"2\" nil \"1\" \"2\"]");
  CHECK(router.stats.keyspace_hits.get() == 3);
  CHECK(router.stats.keyspace_misses.get() == 1);
}

TEST_CASE("MGET is an error as a whole when one of its servers answers with one") {
  RunningWorker router;
  const std::string a = router.key_in(topology::Group::kA);
  const std::string b = router.key_in(topology::Group::kB);
  router.b.nonsense = "-WRONGNODE b1/0: odd\r\n";
  CHECK(router.ask("MGET " + a + " " + b) ==
        "-WRONGNODE b1/0: odd [data server b1 (127.0.0.1:7011)]");
}

TEST_CASE("DBSIZE is the sum over the shards of one group") {
  RunningWorker router;
  router.a.live_keys = router.b.live_keys = 41;
  CHECK(router.ask("DBSIZE") == ":41");
  CHECK(router.a.take_asked() == Lines{"VCOUNT 0"});
  CHECK(router.b.asked.empty());
  router.ask("SELECT 3");
  router.ask("DBSIZE");
  CHECK(router.a.take_asked() == Lines{"VCOUNT 3"});
}

TEST_CASE("DBSIZE asks the other group while a server of the first is away") {
  RunningWorker router;
  router.b.live_keys = 7;
  router.a.leave();
  router.loop.settle();
  CHECK(router.ask("DBSIZE") == ":7");
}

TEST_CASE("a value larger than proto-max-bulk-len can be read, if it was once let in") {
  RunningWorker router(Overrides{{"proto-max-bulk-len", "1kb"}});
  const std::string value(5000, 'x');
  router.primary("k").records["k"] = {{1, 1, 1}, value};
  CHECK(router.ask("GET k") == "\"" + value + "\"");
}

}  // namespace
}  // namespace doris::router::test
