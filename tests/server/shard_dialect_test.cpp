// What a shard answers, command by command (resp/PROTOCOL.md, "Router to data server").
#include "tests/server/shard_fixture.h"

namespace doris::server::test {
namespace {

using Catch::Contains;
using Catch::StartsWith;
using topology::Group;

constexpr uint64_t kWallHlc = 1'700'000'000'000ULL << 16;  // ManualClock's.

// ---- Linking -------------------------------------------------------------------------

TEST_CASE_METHOD(ServingShard,
                 "DORIS.LINK is answered with the epoch, the highest clock seen and the process") {
  const auto router = connect();
  CHECK(ask(*router, link_words(257, 3)) == fmt::format("[:3 :{} :0]", kWallHlc));
  CHECK(ask(*router, set("k", "v", kWallHlc + 5)) == ":0");
  CHECK(ask(*router, link_words(257, 3)) == fmt::format("[:3 :{} :0]", kWallHlc + 5));
}

TEST_CASE_METHOD(ServingShard, "a command on data needs a DORIS.LINK first, PING does not") {
  const auto router = connect();
  CHECK(ask(*router, {"PING"}) == "+PONG");
  CHECK_THAT(ask(*router, get("k")), StartsWith("-NOLINK "));
  CHECK_THAT(ask(*router, set("k", "v")), StartsWith("-NOLINK "));
  CHECK_THAT(ask(*router, {"VCOUNT", "0", "16"}), StartsWith("-NOLINK "));
}

TEST_CASE_METHOD(ServingShard, "DORIS.LINK tells an older, a newer and a foreign cluster apart") {
  const auto router = connect();
  CHECK_THAT(ask(*router, link_words(257, 2)), StartsWith("-STALEEPOCH 3 "));
  CHECK_THAT(ask(*router, link_words(257, 4)), StartsWith("-BEHINDEPOCH 3 "));
  CHECK_THAT(ask(*router, {"DORIS.LINK", std::string(32, 'f'), "3", "257"}),
             StartsWith("-WRONGCLUSTER "));
  CHECK_THAT(ask(*router, get("k")), StartsWith("-NOLINK "));
}

TEST_CASE_METHOD(ServingShard, "DORIS.LINK refuses what is not an epoch and a writer") {
  const auto router = connect();
  for (const auto& [epoch, writer] : {std::pair("x", "257"),
                                      {"0", "257"},
                                      {"3", "0"},
                                      {"3", "-1"},
                                      {"3", "2147483649"},
                                      {"3", ""}}) {
    INFO(epoch << " " << writer);
    CHECK_THAT(ask(*router, {"DORIS.LINK", topology_.cluster, epoch, writer}),
               StartsWith("-ERR DORIS.LINK takes "));
  }
}

TEST_CASE_METHOD(ShardFixture, "a node without a topology serves nobody, whatever the epoch") {
  const auto router = connect();
  CHECK_THAT(ask(*router, link_words(257, 1)), StartsWith("-NOTREADY a1/0: "));
  CHECK_THAT(ask(*router, link_words(257, 0)), StartsWith("-ERR "));
  CHECK_THAT(ask(*router, get("k")), StartsWith("-NOLINK "));
}

TEST_CASE_METHOD(ShardFixture, "a node that has not confirmed its epoch is not ready, but behind") {
  topology_.epoch = 3;
  Standing unconfirmed = standing();
  unconfirmed.not_ready = "it has restarted";
  shard_->set_standing(unconfirmed);
  const auto router = connect();
  CHECK(ask(*router, link_words(257, 3)) == "-NOTREADY a1/0: it has restarted");
  CHECK(ask(*router, link_words(257, 2)) == "-NOTREADY a1/0: it has restarted");
  // The router may be the one who knows: it is asked for its topology.
  CHECK_THAT(ask(*router, link_words(257, 4)), StartsWith("-BEHINDEPOCH 3 "));
}

TEST_CASE_METHOD(ServingShard, "a connection falls behind when the epoch rises, and links again") {
  const auto router = link(257);
  CHECK(ask(*router, set("k", "v")) == ":0");
  serve(4);
  CHECK_THAT(ask(*router, get("k")), StartsWith("-STALEEPOCH 4 "));
  CHECK_THAT(ask(*router, set("k", "w")), StartsWith("-STALEEPOCH 4 "));
  CHECK_THAT(ask(*router, link_words(257, 4)), StartsWith("[:4 "));
  CHECK(ask(*router, get("k")) == "v");
}

// ---- Data ----------------------------------------------------------------------------

TEST_CASE_METHOD(ServingShard, "a value that was set is got, had, counted and deleted") {
  const auto router = link(257);
  CHECK(ask(*router, get("k")) == "nil");
  CHECK(ask(*router, has("k")) == ":0");
  CHECK(ask(*router, set("k", "v", 1)) == ":0");
  CHECK(ask(*router, set("k", "w", 2)) == ":1");
  CHECK(ask(*router, get("k")) == "w");
  CHECK(ask(*router, has("k")) == ":1");
  CHECK(ask(*router, set("5:k", "in a namespace", 3)) == ":0");
  CHECK(ask(*router, {"VCOUNT", "0", "16"}) == ":1");
  CHECK(ask(*router, {"VCOUNT", "5", "16"}) == ":1");
  CHECK(ask(*router, {"VCOUNT", "0", "5"}) == ":2");  // Namespace 5 cannot be selected there.
  CHECK(ask(*router, {"VCOUNT", "4000000", "16"}) == ":0");
  CHECK(ask(*router, del("k", 4)) == ":1");
  CHECK(ask(*router, del("k", 5)) == ":0");
  CHECK(ask(*router, get("k")) == "nil");
  CHECK(ask(*router, has("k")) == ":0");
  CHECK(ask(*router, {"VCOUNT", "0", "16"}) == ":0");
}

TEST_CASE_METHOD(ServingShard, "a value is gone from the millisecond at which it expires") {
  const auto router = link(257);
  CHECK(ask(*router, set("k", "v", 1, clock_.wall_ms() + 10)) == ":0");
  clock_.advance(9);
  CHECK(ask(*router, get("k")) == "v");
  clock_.advance(1);
  CHECK(ask(*router, get("k")) == "nil");
  CHECK(ask(*router, has("k")) == ":0");
  CHECK(ask(*router, set("k", "w", 2)) == ":0");
}

TEST_CASE_METHOD(ServingShard, "the primary raises a version that is not above the one held") {
  const auto router = link(257);
  CHECK(ask(*router, set("k", "first", 10)) == ":0");
  const std::string answer = ask(*router, set("k", "second", 5));
  REQUIRE(answer.size() == 1 + resp::Version::kBytes);
  CHECK(answer[0] == '1');
  const resp::Version raised = resp::Version::decode(answer.data() + 1);
  CHECK(raised > resp::Version{3, 10, 257});
  CHECK((raised.writer & resp::Version::kRaisedBit) != 0);
  CHECK(ask(*router, get("k")) == "second");

  // Deleted, it is raised as well, and no live value was there the next time.
  CHECK(ask(*router, del("k", 6))[0] == '1');
  CHECK(ask(*router, set("k", "third", 7))[0] == '0');
  CHECK(shard_->counters().raised.get() == 3);
}

TEST_CASE_METHOD(ServingShard, "a raised write that comes twice is answered alike") {
  const auto router = link(257);
  CHECK(ask(*router, set("k", "of another", 10)) == ":0");
  const std::string first = ask(*router, set("k", "v", 5));
  const std::string second = ask(*router, set("k", "v", 5));  // Its answer was lost.
  REQUIRE(first.size() == 1 + resp::Version::kBytes);
  CHECK(second == first);
  CHECK(ask(*router, get("k")) == "v");
  CHECK(ask(*router, {"VCOUNT", "0", "16"}) == ":1");
}

TEST_CASE_METHOD(ServingShard, "the secondary takes a raised version, and a retry of it") {
  const auto router = link(257);
  const std::string of_b = vnode(Group::kB);
  const std::string raised = version(10, 257 | resp::Version::kRaisedBit);
  const Words copy = {"VSET", "S", of_b, "k", raised, "0", "v"};
  CHECK(ask(*router, copy) == ":0");
  CHECK(ask(*router, copy) == ":1");
  CHECK(store_->batches == std::vector<size_t>{1});
}

TEST_CASE_METHOD(ServingShard, "a deletion that comes twice is applied once") {
  const auto router = link(257);
  CHECK(ask(*router, set("k", "v", 1)) == ":0");
  CHECK(ask(*router, del("k", 2)) == ":1");
  CHECK(ask(*router, del("k", 2)) == ":1");
  CHECK(store_->batches == std::vector<size_t>{1, 1});
}

TEST_CASE_METHOD(ServingShard, "the secondary keeps the newest version, in any order of arrival") {
  const auto router = link(257);
  const std::string of_b = vnode(Group::kB);
  const auto copy = [&](uint64_t hlc, const std::string& value) {
    return ask(*router, {"VSET", "S", of_b, "k", version(hlc), "0", value});
  };
  CHECK(copy(10, "newest") == ":0");
  CHECK(copy(5, "late") == ":1");
  CHECK(ask(*router, {"VGET", of_b, "k"}) == "newest");
  // Of an epoch before, from a router that had its primary's answer then.
  CHECK(ask(*router, {"VDEL", "S", of_b, "k", version_of({2, 999, 257})}) == ":1");
  CHECK(ask(*router, {"VGET", of_b, "k"}) == "newest");
}

TEST_CASE_METHOD(ServingShard, "a write that comes twice is applied once") {
  const auto router = link(257);
  CHECK(ask(*router, set("k", "v", 10)) == ":0");
  CHECK(ask(*router, set("k", "v", 10)) == ":0");
  CHECK(store_->batches == std::vector<size_t>{1});
}

TEST_CASE_METHOD(ServingShard, "a record that has expired is raised above, like any other") {
  const auto router = link(257);
  CHECK(ask(*router, set("k", "v", 10, clock_.wall_ms() + 5)) == ":0");
  clock_.advance(5);
  CHECK(ask(*router, set("k", "w", 3))[0] == '0');  // Raised; no live value was there.
  CHECK(ask(*router, get("k")) == "w");
}

TEST_CASE_METHOD(ServingShard, "a write may be expired when it arrives") {
  const auto router = link(257);
  CHECK(ask(*router, set("k", "v", 1)) == ":0");
  CHECK(ask(*router, set("k", "late", 2, clock_.wall_ms() - 1)) == ":1");
  CHECK(ask(*router, get("k")) == "nil");
}

// ---- Refusals ------------------------------------------------------------------------

TEST_CASE_METHOD(ServingShard, "only the primary replica gives a write its order") {
  const auto router = link(257);
  const std::string of_a = vnode(Group::kA);
  const std::string of_b = vnode(Group::kB);
  CHECK_THAT(ask(*router, {"VSET", "P", of_b, "k", version(1), "0", "v"}),
             StartsWith("-WRONGNODE a1/0 is not the primary of vnode " + of_b));
  CHECK(ask(*router, {"VGET", of_b, "k"}) == "nil");
  // What has its order already is kept by any replica.
  CHECK(ask(*router, {"VSET", "S", of_a, "k", version(1), "0", "v"}) == ":0");
  CHECK(ask(*router, {"VDEL", "S", of_b, "k", version(1)}) == ":0");
  CHECK(ask(*router, {"VGET", of_a, "k"}) == "v");
}

TEST_CASE_METHOD(ServingShard, "a replica that recovers takes writes and serves no reads") {
  topology_.nodes[0].state = topology::NodeState::kRecovering;
  topology_.nodes[0].since = 4;
  serve(4);
  const auto router = link(257);
  const std::string of_a = vnode(Group::kA);
  CHECK_THAT(ask(*router, {"VSET", "P", of_a, "k", version(1), "0", "v"}),
             StartsWith("-WRONGNODE a1/0 is not the primary"));
  CHECK(ask(*router, {"VSET", "S", of_a, "k", version(1), "0", "v"}) == ":0");
  CHECK_THAT(ask(*router, {"VGET", of_a, "k"}), StartsWith("-WRONGNODE a1/0 is not up in epoch 4"));
  CHECK_THAT(ask(*router, {"VHAS", of_a, "k"}), StartsWith("-WRONGNODE a1/0 is not up in epoch 4"));
  CHECK_THAT(ask(*router, {"VCOUNT", "0", "16"}), StartsWith("-WRONGNODE a1/0 is not up"));
}

TEST_CASE_METHOD(ServingShard, "the other replica is the primary while its peer has failed") {
  topology::Node& peer = topology_.nodes[1];
  peer.state = topology::NodeState::kTempFailed;
  peer.since = 4;
  serve(4);
  const auto router = link(257);
  const auto shared = vnode_where([&](topology::Vnode v) {
    return holds(v) && topology_.owner[1][v] == peer.id && topology_.primary[v] == Group::kB;
  });
  const std::string vnode = std::to_string(shared);
  CHECK(ask(*router, {"VSET", "P", vnode, "k", version(1), "0", "v"}) == ":0");
  CHECK(ask(*router, {"VGET", vnode, "k"}) == "v");
}

TEST_CASE_METHOD(ServingShard, "an update log keeps the highest version for each target and key") {
  const auto router = link(257);
  const std::string elsewhere = vnode_of_other_node();
  CHECK(ask(*router, {"VSET", "L9", elsewhere, "k", version(2), "0", "new"}) == ":0");
  CHECK(ask(*router, {"VSET", "L9", elsewhere, "k", version(1), "0", "old"}) == ":0");
  CHECK(ask(*router, {"VDEL", "L8", elsewhere, "k", version(1)}) == ":0");
  CHECK_THAT(ask(*router, {"VLOGREAD", "9", "1", "0", "", "10"}),
             Catch::EndsWith("[:" + elsewhere + " k " + version(2) + " V :0 new]]"));
  CHECK(ask(*router, {"VLOGDROP", "9", elsewhere, "k", version(1)}) == ":0");
  CHECK(ask(*router, {"VLOGDROP", "9", elsewhere, "k", version(2)}) == ":1");
  CHECK(ask(*router, {"VLOGREAD", "9", "1", "0", "", "10"}) == "[]");
  CHECK_THAT(ask(*router, {"VLOGREAD", "8", "1", "0", "", "10"}), Catch::Contains(" T "));
}

TEST_CASE_METHOD(ServingShard, "an update log is read by the shards of its target") {
  const auto router = link(257);
  for (const std::string vnode : {"4", "5", "7"})
    CHECK(ask(*router, {"VSET", "L9", vnode, "k", version(1), "0", "v" + vnode}) == ":0");
  CHECK_THAT(ask(*router, {"VLOGREAD", "9", "2", "0", "", "10"}), Catch::Contains("v4"));
  const std::string odd = ask(*router, {"VLOGREAD", "9", "2", "1", "", "10"});
  CHECK_THAT(odd, Catch::Contains("v5") && Catch::Contains("v7") && !Catch::Contains("v4"));
}

TEST_CASE_METHOD(ServingShard, "the log of a node that is up again is cleared by and by") {
  const auto router = link(257);
  const std::string target = "L" + std::to_string(topology_.find("a2")->id);
  CHECK(ask(*router, {"VSET", target, "1", "k", version(1), "0", "v"}) == ":0");
  CHECK(store_->log_targets().size() == 1);
  loop_.advance(Millis{1000});
  CHECK(store_->log_targets().empty());
}

TEST_CASE("an update log that has reached its bound refuses writes") {
  struct Fixture : ShardFixture {
    Fixture() : ShardFixture(4096, 10) { serve(3); }
    void run() {
      const auto router = link(257);
      CHECK(ask(*router, {"VSET", "L9", "4", "k", version(1), "0", "0123456789"}) == ":0");
      CHECK_THAT(ask(*router, {"VSET", "L9", "4", "l", version(2), "0", "v"}),
                 StartsWith("-UPDATELOGFULL a1/0: the update log for node 9 has reached"));
      CHECK(ask(*router, {"VSET", "L8", "4", "l", version(2), "0", "v"}) == ":0");
      CHECK(ask(*router, set("k", "v")) == ":0");
    }
  };
  Fixture().run();
}

// What is in it already needs no more room. A router that lost the answer sends it again, too.
TEST_CASE("a full update log takes what makes it no larger") {
  struct Fixture : ShardFixture {
    Fixture() : ShardFixture(4096, 10) { serve(3); }
    void run() {
      const auto router = link(257);
      const auto log = [&](int64_t hlc, const std::string& value) {
        return ask(*router, {"VSET", "L9", "4", "k", version(hlc), "0", value});
      };
      CHECK(log(1, "0123456789") == ":0");
      CHECK(log(1, "0123456789") == ":0");
      CHECK(log(2, "9876543210") == ":0");
      CHECK_THAT(log(3, "0123456789+"), StartsWith("-UPDATELOGFULL "));
      CHECK_THAT(ask(*router, {"VDEL", "L9", "4", "l", version(3)}), StartsWith("-UPDATELOGFULL "));
      CHECK(ask(*router, {"VDEL", "L9", "4", "k", version(3)}) == ":0");
      CHECK(ask(*router, {"VDEL", "L9", "4", "l", version(3)}) == ":0");
    }
  };
  Fixture().run();
}

TEST_CASE_METHOD(ServingShard, "a vnode of another shard or another node is refused") {
  const auto router = link(257);
  for (const std::string& elsewhere : {vnode_of_other_shard(), vnode_of_other_node()}) {
    const std::string refusal = "-WRONGNODE vnode " + elsewhere + " is not in a1/0 in epoch 3";
    CHECK(ask(*router, {"VGET", elsewhere, "k"}) == refusal);
    CHECK(ask(*router, {"VHAS", elsewhere, "k"}) == refusal);
    CHECK(ask(*router, {"VSET", "P", elsewhere, "k", version(1), "0", "v"}) == refusal);
    CHECK(ask(*router, {"VDEL", "P", elsewhere, "k", version(1)}) == refusal);
  }
}

TEST_CASE_METHOD(ServingShard, "a proposed version is of the connection's epoch") {
  const auto router = link(257);
  for (const uint32_t epoch : {2U, 4U}) {
    CHECK_THAT(ask(*router, {"VSET", "P", vnode(), "k", version_of({epoch, 1, 257}), "0", "v"}),
               StartsWith("-WRONGNODE "));
  }
  CHECK_THAT(ask(*router, {"VSET", "S", vnode(Group::kB), "k", version_of({4, 1, 257}), "0", "v"}),
             StartsWith("-WRONGNODE "));
}

TEST_CASE_METHOD(ServingShard, "what a bad peer sends is refused, and the connection goes on") {
  const auto router = link(257);
  const std::string v = vnode();
  const std::string long_key(kKeyBytesMax + 1, 'k');
  CHECK_THAT(ask(*router, {"VGET", "x", "k"}), StartsWith("-ERR not a vnode"));
  CHECK_THAT(ask(*router, {"VGET", std::to_string(kVnodes), "k"}), StartsWith("-ERR not a vnode"));
  CHECK_THAT(ask(*router, {"VGET", "65536", "k"}), StartsWith("-ERR not a vnode"));
  CHECK_THAT(ask(*router, {"VGET", v, long_key}), StartsWith("-ERR the key is too long"));
  CHECK_THAT(ask(*router, {"VGET", v}), Contains("wrong number of arguments"));
  CHECK_THAT(ask(*router, {"VSET", "X", v, "k", version(1), "0", "v"}), StartsWith("-ERR a write"));
  CHECK_THAT(ask(*router, {"VSET", "P", v, "k", "short", "0", "v"}), StartsWith("-ERR a write"));
  CHECK_THAT(ask(*router, set("k", "v", 1, -1)), StartsWith("-ERR value is not an integer"));
  CHECK_THAT(ask(*router, set("k", "v", 1ULL << 63)), Contains("too far in the future"));
  CHECK_THAT(ask(*router, {"VCOUNT", "many", "16"}), StartsWith("-ERR value is not an integer"));
  CHECK_THAT(ask(*router, {"VDEL", "P", v, "k", version(1), "no id"}), StartsWith("-ERR the id"));
  CHECK_THAT(ask(*router, {"VRMW", v, "k", version(1), "no id", "DEL", ""}),
             StartsWith("-ERR VRMW takes"));
  CHECK_THAT(ask(*router, {"VRMW", v, "k", version(1), "eight by", "SORT", ""}),
             StartsWith("-ERR VRMW takes"));
  CHECK_THAT(ask(*router, {"VBASE", v, "k", "short"}), StartsWith("-ERR VBASE takes"));
  CHECK_THAT(ask(*router, {"GET", "k"}), Contains("speaks to routers"));
  CHECK(ask(*router, get("k")) == "nil");
  CHECK(store_->batches.empty());
}

TEST_CASE_METHOD(ServingShard, "every command takes its number of arguments, and no other") {
  const auto router = link(257);
  struct Expected {
    std::string name;
    size_t least;
    size_t most;
  };
  for (const auto& [name, least, most] : std::vector<Expected>{{"VGET", 2, 2},
                                                               {"VHAS", 2, 2},
                                                               {"VSET", 6, 7},
                                                               {"VDEL", 4, 5},
                                                               {"VRMW", 6, 6},
                                                               {"VWAIT", 3, 3},
                                                               {"VBASE", 3, 3},
                                                               {"VSETTLE", 2, 2},
                                                               {"VCOUNT", 2, 2},
                                                               {"DORIS.LINK", 3, 3},
                                                               {"DORIS.ADOPT", 1, 1},
                                                               {"PING", 0, 0}}) {
    INFO(name);
    const auto with = [&, command = name](size_t args) {
      Words words(1 + args, "x");
      words[0] = command;
      return words;
    };
    CHECK_THAT(ask(*router, with(most + 1)), StartsWith("-ERR wrong number of arguments"));
    if (least > 0) {
      CHECK_THAT(ask(*router, with(least - 1)), StartsWith("-ERR wrong number of arguments"));
    }
  }
  CHECK(host_.adopts.empty());
  CHECK(ask(*router, {"vget", vnode(), "k"}) == "nil");  // In any case of letters.
}

TEST_CASE_METHOD(ServingShard, "a key may have any bytes, and as many as a key may have") {
  const auto router = link(257);
  const std::string bytes("\0\r\n\xff", 4);
  const std::string longest(kKeyBytesMax, 'k');
  CHECK(ask(*router, set(bytes, bytes, 1)) == ":0");
  CHECK(ask(*router, get(bytes)) == bytes);
  CHECK(ask(*router, set(longest, "", 2)) == ":0");
  CHECK(ask(*router, get(longest)).empty());
  CHECK(ask(*router, has(longest)) == ":1");
}

TEST_CASE_METHOD(ServingShard, "without room on the disk writes are refused and reads go on") {
  const auto router = link(257);
  CHECK(ask(*router, set("k", "v", 1)) == ":0");
  host_.allows_writes = false;
  CHECK_THAT(ask(*router, set("k", "w", 2)), StartsWith("-DISKFULL a1/0: "));
  CHECK_THAT(ask(*router, del("k", 3)), StartsWith("-DISKFULL a1/0: "));
  CHECK(ask(*router, get("k")) == "v");
  host_.allows_writes = true;
  CHECK(ask(*link(258), set("k", "w", 2)) == ":1");
}

TEST_CASE_METHOD(ServingShard, "what comes behind a refused write is refused until the next link") {
  const auto router = link(257);
  host_.allows_writes = false;
  const bool updates = GENERATE(true, false);
  const auto increment = [&](uint64_t hlc) -> Words {
    return {"VRMW", vnode(), "k", version(hlc), std::string(8, 'i'), "INCRBY", "1"};
  };
  const Words refused = updates ? increment(1) : set("k", "1", 1);
  CHECK_THAT(ask(*router, refused), StartsWith("-DISKFULL a1/0: "));
  host_.allows_writes = true;
  CHECK_THAT(ask(*router, set("k", "2", 2)), StartsWith("-DISKFULL a1/0: "));
  CHECK_THAT(ask(*router, del("k", 3)), StartsWith("-DISKFULL a1/0: "));
  CHECK_THAT(ask(*router, increment(4)), StartsWith("-DISKFULL a1/0: "));
  CHECK(ask(*router, get("k")) == "nil");

  link_again(*router, 257);
  CHECK(ask(*router, set("k", "1", 1)) == ":0");
  CHECK(ask(*router, set("k", "2", 2)) == ":1");
}

TEST_CASE_METHOD(ServingShard, "a shard with a damaged file links, but serves no data at all") {
  const auto router = link(257);
  CHECK(ask(*router, set("k", "v", 1)) == ":0");
  store_->read_error = Status::corrupt("data.db: a checksum is wrong");
  const std::string down = "-SHARDDOWN a1/0: data.db: a checksum is wrong";
  CHECK(ask(*router, get("k")) == down);
  CHECK(shard_->counters().offline.get() == 1);

  store_->read_error = Status::okay();  // It does not come back by itself.
  CHECK(ask(*router, get("k")) == down);
  CHECK(ask(*router, has("k")) == down);
  CHECK(ask(*router, set("k", "w", 2)) == down);
  CHECK(ask(*router, {"VCOUNT", "0", "16"}) == down);
  CHECK_THAT(ask(*router, link_words(257, 3)), StartsWith("[:3 "));
}

TEST_CASE_METHOD(ServingShard, "a store that its helpers took offline serves no data either") {
  const auto router = link(257);
  store_->is_offline = true;
  CHECK_THAT(ask(*router, {"VCOUNT", "0", "16"}), StartsWith("-SHARDDOWN a1/0: "));
  CHECK(shard_->counters().offline.get() == 1);
}

}  // namespace
}  // namespace doris::server::test
