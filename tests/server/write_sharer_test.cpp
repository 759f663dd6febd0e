// What somebody waits for is brought to the other copy by the primary, if its router says nothing.
#include "server/write_sharer.h"

#include "server/peer_dialect.h"
#include "tests/server/shard_cluster.h"

namespace doris::server::test {
namespace {

constexpr uint32_t kSilent = 257;  // The writer that says nothing more.
constexpr uint32_t kOther = 513;

// A key whose primary is a1, and whose other copy is b1.
struct Scene {
  Scene() {
    while (cluster.topology_.primary[vnode()] != topology::Group::kA)
      key += "k";
    cluster.tell_all();
  }

  std::unique_ptr<Router> link(size_t member, uint32_t writer) {
    const auto port = static_cast<uint16_t>(cluster.topology_.nodes[member].port + 1);
    std::unique_ptr<Router> router;
    const auto connecting = cluster.loop_.connect(
        {"127.0.0.1", port}, Millis{1000},
        [&](auto stream) { router = std::make_unique<Router>(std::move(*stream)); });
    cluster.loop_.settle();
    router->shows_unsettled = true;
    CHECK_THAT(ask(*router, {"DORIS.LINK", cluster.topology_.cluster,
                             std::to_string(cluster.topology_.epoch), std::to_string(writer)}),
               Catch::StartsWith("["));
    return router;
  }
  std::string ask(Router& router, const Words& words) {
    router.send(words);
    cluster.loop_.settle();
    const Replies replies = router.replies();
    REQUIRE(replies.size() == 1);
    return replies[0];
  }

  [[nodiscard]] topology::Vnode vnode() const { return ShardCluster::ref(key).vnode; }
  [[nodiscard]] std::string number() const { return std::to_string(vnode()); }
  [[nodiscard]] resp::Version version(uint64_t hlc, uint32_t writer) const {
    return {static_cast<uint32_t>(cluster.topology_.epoch), hlc, writer};
  }
  [[nodiscard]] resp::WriteId id(const resp::Version& version) const {
    return resp::write_id(key, version);
  }
  std::string append(Router& router, const resp::Version& version, resp::WriteId operation) {
    return ask(router, {"VRMW", number(), key, ShardFixture::version_of(version),
                        id_bytes(operation), "APPEND", "x"});
  }
  std::string wait(Router& router, const resp::Version& version) {
    return ask(router, {"VWAIT", number(), key, ShardFixture::version_of(version)});
  }
  // Asks as a router does whose client waits.
  std::string wait_for_long(Router& router, const resp::Version& version) {
    std::string answer = wait(router, version);
    for (int i = 0; i < 100 && answer == ":0"; ++i) {
      cluster.loop_.advance(Millis{1});
      answer = wait(router, version);
    }
    return answer;
  }
  // b1 is the primary of all from now on, and a1 keeps nothing.
  void fail_a1() {
    ++cluster.topology_.epoch;
    cluster.topology_.nodes[0].state = NodeState::kTempFailed;
    cluster.topology_.nodes[0].since = cluster.topology_.epoch;
    cluster.tell_all();
  }

  ShardCluster cluster;
  std::string key = "k";
};

// The silent writer has appended `x`, and the other one's router is there.
struct Waiting : Scene {
  std::unique_ptr<Router> silent = link(0, kSilent);
  std::unique_ptr<Router> other = link(0, kOther);
  resp::Version mine = version(1, kSilent);
  std::string answer = append(*silent, mine, id(mine));
};

TEST_CASE("what somebody waits for is on both copies before a silent router counts as gone") {
  Waiting scene;
  CHECK_THAT(scene.answer, Catch::StartsWith("[:1 "));
  CHECK(scene.ask(*scene.other, {"VGET", scene.number(), scene.key}) == "x (unsettled)");
  CHECK(ShardCluster::get(scene.cluster.b1(), scene.key) == "(none)");

  CHECK(scene.wait_for_long(*scene.other, scene.mine) == ":1");
  CHECK(scene.ask(*scene.other, {"VGET", scene.number(), scene.key}) == "x");
  CHECK(ShardCluster::get(scene.cluster.b1(), scene.key) == "x");
  CHECK(scene.cluster.a1().shard->counters().shared.get() == 1);
  // Sent again, it is answered as before.
  CHECK_THAT(scene.append(*scene.silent, scene.mine, scene.id(scene.mine)),
             Catch::StartsWith("[:1 "));
  CHECK(ShardCluster::get(scene.cluster.a1(), scene.key) == "x");
}

TEST_CASE("nothing is shared that nobody waits for, or not for long") {
  Waiting scene;
  CHECK(scene.wait(*scene.other, scene.mine) == ":0");
  scene.cluster.loop_.advance(Millis{20});
  CHECK(scene.wait(*scene.other, scene.mine) == ":0");
  scene.cluster.loop_.advance(Millis{500});
  CHECK(ShardCluster::get(scene.cluster.b1(), scene.key) == "(none)");
}

TEST_CASE("an update does not rest on what is shared") {
  Waiting scene;
  const resp::Version second = scene.version(2, kOther);
  (void)scene.append(*scene.other, second, scene.id(second));
  std::string answer;
  for (int i = 0; i < 100 && answer != ":1"; ++i) {
    answer = scene.ask(*scene.other,
                       {"VBASE", scene.number(), scene.key, ShardFixture::version_of(scene.mine)});
    scene.cluster.loop_.advance(Millis{1});
  }
  CHECK(answer == ":1");
  CHECK(ShardCluster::get(scene.cluster.b1(), scene.key) == "xx");
  const resp::Version third = scene.version(3, kOther);
  CHECK_THAT(scene.append(*scene.other, third, scene.id(third)), Catch::EndsWith(" nil nil]"));
}

// Its router proposes once more, to the new primary, what all have seen.
TEST_CASE("what was shared is not done again by the other server, nor is what it overtook") {
  Waiting scene;
  const resp::Version theirs = scene.version(2, kOther);
  const bool overtaken = GENERATE(false, true);
  if (overtaken) {
    CHECK(scene.ask(*scene.other, {"VSET", "P", scene.number(), scene.key,
                                   ShardFixture::version_of(theirs), "0", "y"}) == ":1");
  }
  CHECK(scene.wait_for_long(*scene.other, overtaken ? theirs : scene.mine) == ":1");
  scene.fail_a1();
  const auto again = scene.link(1, kSilent);
  const std::string answer = scene.append(*again, scene.version(9, kSilent), scene.id(scene.mine));
  // No reply is in it: a1 knew that alone.
  CHECK_THAT(answer, Catch::Contains(overtaken ? ":0 y nil" : ":0 x nil"));
  CHECK(ShardCluster::get(scene.cluster.b1(), scene.key) == (overtaken ? "y" : "x"));
}

// The router of a write that is overtaken there may yet say so.
TEST_CASE("a write that came later does not make the other server forget what is shared") {
  Waiting scene;
  CHECK(scene.wait_for_long(*scene.other, scene.mine) == ":1");
  const auto there = scene.link(1, kOther);
  CHECK(scene.ask(*there, {"VSET", "S", scene.number(), scene.key,
                           ShardFixture::version_of(scene.version(2, kOther)), "0", "y"}) == ":1");
  CHECK(scene.cluster.b1().shard->unsettled().find(scene.id(scene.mine)) != nullptr);
}

TEST_CASE("what is shared is remembered for as long as it may be proposed") {
  Waiting scene;
  const auto there = scene.link(1, kSilent);  // That it is linked there says nothing.
  CHECK(scene.wait_for_long(*scene.other, scene.mine) == ":1");
  const auto remembered = [&](ShardCluster::Member& member) {
    return member.shard->unsettled().find(scene.id(scene.mine)) != nullptr;
  };
  scene.silent.reset();
  scene.cluster.loop_.advance(resp::kProposalTimeMax);
  CHECK(remembered(scene.cluster.a1()));
  CHECK(remembered(scene.cluster.b1()));
  scene.cluster.loop_.advance(Millis{1000});
  CHECK_FALSE(remembered(scene.cluster.a1()));
  CHECK(remembered(scene.cluster.b1()));  // It may have been sent in time, and come late.
  scene.cluster.loop_.advance(resp::kOrphanGrace);
  CHECK_FALSE(remembered(scene.cluster.b1()));
}

TEST_CASE("a server that refuses what is to be shared is asked again, and readers wait") {
  Waiting scene;
  scene.cluster.b1().host.allows_writes = false;
  CHECK(scene.wait_for_long(*scene.other, scene.mine) == ":0");
  CHECK(scene.cluster.b1().shard->unsettled().find(scene.id(scene.mine)) == nullptr);
  scene.cluster.b1().host.allows_writes = true;
  CHECK(scene.wait_for_long(*scene.other, scene.mine) == ":1");
}

TEST_CASE("what is shared is not remembered where it could not be committed") {
  Waiting scene;
  ShardCluster::Member& b1 = scene.cluster.b1();
  b1.store->commit_error = Status::no_space("no room for a batch");
  CHECK(scene.wait_for_long(*scene.other, scene.mine) == ":0");
  CHECK(b1.shard->counters().failed_batches.get() > 0);
  CHECK(b1.shard->unsettled().size() == 0);
  CHECK(ShardCluster::get(b1, scene.key) == "(none)");
  b1.store->commit_error = Status::okay();
  CHECK(scene.wait_for_long(*scene.other, scene.mine) == ":1");
  CHECK(b1.shard->unsettled().find(scene.id(scene.mine)) != nullptr);
}

// The answer is lost, and whoever waits asks on.
TEST_CASE("what was being shared when a new epoch began is shared in that") {
  Waiting scene;
  CHECK(scene.wait(*scene.other, scene.mine) == ":0");
  scene.cluster.loop_.advance(Millis{50});
  scene.other->send({"VWAIT", scene.number(), scene.key, ShardFixture::version_of(scene.mine)});
  ++scene.cluster.topology_.epoch;
  const bool primary_first = GENERATE(true, false);
  scene.cluster.tell(primary_first ? 0 : 1);
  scene.cluster.loop_.settle();
  scene.cluster.tell(primary_first ? 1 : 0);
  scene.cluster.loop_.settle();
  const auto again = scene.link(0, kOther);
  CHECK(scene.wait_for_long(*again, scene.mine) == ":1");
  CHECK(ShardCluster::get(scene.cluster.b1(), scene.key) == "x");
}

// The write itself has come to the other server as it was proposed; its router has not yet heard
// that it was raised.
TEST_CASE("what was raised is shared in that version where it is held as proposed") {
  Scene scene;
  const auto silent = scene.link(0, kSilent);
  const auto other = scene.link(0, kOther);
  const auto there = scene.link(1, kSilent);
  const auto set = [&](Router& router, const char* role, const resp::Version& version) {
    return scene.ask(router, {"VSET", role, scene.number(), scene.key,
                              ShardFixture::version_of(version), "0", std::string("by ") + role});
  };
  (void)set(*other, "P", scene.version(9, kOther));
  const resp::Version mine = scene.version(1, kSilent);
  (void)set(*silent, "P", mine);
  (void)set(*there, "S", mine);
  const resp::Version raised =
      (**scene.cluster.a1().store->read_header(ShardCluster::ref(scene.key))).version;
  REQUIRE(raised > scene.version(9, kOther));
  CHECK(scene.wait_for_long(*other, raised) == ":1");
  const auto held = scene.cluster.b1().store->read_header(ShardCluster::ref(scene.key));
  REQUIRE(held.ok());
  CHECK((**held).version == raised);
  // Proposed once more, it is known there.
  scene.fail_a1();
  const auto again = scene.link(1, kSilent);
  const std::string operation = id_bytes(scene.id(mine));
  const auto answer = scene.ask(
      *again, {"VRMW", scene.number(), scene.key,
               ShardFixture::version_of(scene.version(20, kSilent)), operation, "SET", "by P"});
  CHECK(ShardCluster::get(scene.cluster.b1(), scene.key) == "by P");
  CHECK_THAT(answer, Catch::Contains("by P nil"));
}

TEST_CASE("what is shared while the other server has failed goes to its update log") {
  Scene scene;
  scene.cluster.topology_.nodes[1].state = NodeState::kTempFailed;
  scene.cluster.topology_.nodes[1].since = ++scene.cluster.topology_.epoch;
  scene.cluster.topology_.nodes[1].stand_in = 3;
  scene.cluster.tell_all();
  const auto silent = scene.link(0, kSilent);
  const auto reader = scene.link(0, kOther);
  const resp::Version version = scene.version(1, kSilent);
  (void)scene.append(*silent, version, scene.id(version));
  CHECK(scene.wait_for_long(*reader, version) == ":1");
  CHECK(scene.cluster.s1().store->log_stats(2).entries == 1);
}

TEST_CASE("many keys that are waited for are shared a few at a time, and all in the end") {
  Scene scene;
  const auto silent = scene.link(0, kSilent);
  const auto reader = scene.link(0, kOther);
  const resp::Version version = scene.version(1, kSilent);
  std::vector<std::string> keys;
  for (int i = 0; keys.size() < 100; ++i) {
    scene.key = "many-" + std::to_string(i);
    if (scene.cluster.topology_.primary[scene.vnode()] != topology::Group::kA) continue;
    keys.push_back(scene.key);
    (void)scene.append(*silent, version, scene.id(version));
  }
  size_t waiting = keys.size();
  for (int turn = 0; turn < 10 && waiting > 0; ++turn) {
    waiting = 0;
    for (const std::string& each : keys) {
      scene.key = each;
      if (scene.wait(*reader, version) == ":0") ++waiting;
    }
    scene.cluster.loop_.advance(Millis{60});
  }
  CHECK(waiting == 0);
}

TEST_CASE("words of VSHARE that are wrong are told, and nothing is kept") {
  Scene scene;
  const auto peer = scene.link(1, kOther);
  const std::string version = ShardFixture::version_of(scene.version(1, kSilent));
  const std::string notice(84, 'n');
  const auto share = [&](const std::string& of, const std::string& kind, const std::string& expires,
                         const std::string& notices) {
    return scene.ask(*peer, {"VSHARE", scene.number(), scene.key, of, kind, expires, "v", notices});
  };
  CHECK_THAT(share("short", "V", "0", ""), Catch::StartsWith("-ERR VSHARE takes"));
  CHECK_THAT(share(version, "X", "0", ""), Catch::StartsWith("-ERR VSHARE takes"));
  CHECK_THAT(share(version, "V", "-1", ""), Catch::StartsWith("-ERR VSHARE takes"));
  CHECK_THAT(share(version, "V", "soon", ""), Catch::StartsWith("-ERR VSHARE takes"));
  CHECK_THAT(share(version, "V", "0", notice + "n"), Catch::StartsWith("-ERR notices"));
  CHECK(ShardCluster::get(scene.cluster.b1(), scene.key) == "(none)");
  CHECK(share(version, "V", "0", "") == "+OK");
}

TEST_CASE("notices of writes are read as they were written") {
  const UnsettledWrites::Notice first{kSilent, {1, 2, 3, ~0ULL}, {5, 7, 257}, {4, 6, 1}, {5, 6, 2}};
  const UnsettledWrites::Notice second{0, {}, {1, 2, 3}, {}, {}};
  const RecordCopy record{.key = "k", .header = {}, .value = "v"};
  const auto words = share_command(7, record, {first, second});
  const auto notices = read_notices(words.back());
  REQUIRE(notices.ok());
  CHECK(*notices == std::vector{first, second});
}

}  // namespace
}  // namespace doris::server::test
