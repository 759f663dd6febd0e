// What a shard shows of writes of which it does not know whether their other copy has them.
#include "server/unsettled_writes.h"

#include "resp/write_id.h"
#include "tests/server/shard_fixture.h"

namespace doris::server::test {
namespace {

using topology::Group;

class UnsettledShard : public ServingShard {
 public:
  // Says that both copies have the write of `key` at `hlc`.
  void settle(Router& router, const std::string& key, uint64_t hlc) {
    const resp::Version version{static_cast<uint32_t>(topology_.epoch), hlc, 257};
    CHECK(ask(router, {"VSETTLE", id_bytes(resp::write_id(key, version)), ""}) == "+OK");
  }
  Words wait(const std::string& key, uint64_t hlc) { return {"VWAIT", vnode(), key, version(hlc)}; }
  std::unique_ptr<Router> link_showing(uint32_t writer) {
    auto router = link(writer);
    router->shows_unsettled = true;
    return router;
  }
};

TEST_CASE_METHOD(UnsettledShard, "a write is shown as unsettled until its router says otherwise") {
  const auto router = link_showing(257);
  CHECK(ask(*router, set("k", "v", 1)) == ":0");
  CHECK(ask(*router, get("k")) == "v (unsettled)");
  CHECK(ask(*router, has("k")) == ":1 (unsettled)");
  CHECK(ask(*router, wait("k", 1)) == ":0");
  settle(*router, "k", 1);
  CHECK(ask(*router, get("k")) == "v");
  CHECK(ask(*router, has("k")) == ":1");
  CHECK(ask(*router, wait("k", 1)) == ":1");
}

TEST_CASE_METHOD(UnsettledShard, "a delete is as unsettled as a value") {
  const auto router = link_showing(257);
  CHECK(ask(*router, del("k", 1)) == ":0");
  CHECK(ask(*router, get("k")) == "nil (unsettled)");
  CHECK(ask(*router, has("k")) == ":0 (unsettled)");
  settle(*router, "k", 1);
  CHECK(ask(*router, get("k")) == "nil");
}

TEST_CASE_METHOD(UnsettledShard, "the second copy of a write is unsettled, too") {
  const auto router = link_showing(257);
  const std::string of_b = vnode(Group::kB);
  CHECK(ask(*router, {"VSET", "S", of_b, "k", version(1), "0", "v"}) == ":0");
  CHECK(ask(*router, {"VGET", of_b, "k"}) == "v (unsettled)");
  settle(*router, "k", 1);
  CHECK(ask(*router, {"VGET", of_b, "k"}) == "v");
}

TEST_CASE_METHOD(UnsettledShard, "other servers are not given what is not settled") {
  const auto router = link_showing(257);
  CHECK(ask(*router, set("k", "v", 1)) == ":0");
  const auto peer = connect();
  CHECK(ask(*peer, {"DORIS.PEER", topology_.cluster, "3", "b1"}) == "+OK");
  peer->keeps_values = true;
  const auto keys = [&] {
    (void)ask(*peer, {"VKEYS", vnode(), "", "10"});
    REQUIRE(peer->last.items.size() == 4);  // Where to go on, the floor, and what is here.
    return peer->last.items[2].text + ", " + peer->last.items[3].text.back();
  };
  CHECK(keys() == "k, U");
  CHECK(ask(*peer, {"VFETCH", vnode(), "k"}) == "[nil]");
  CHECK_THAT(ask(*peer, {"VHELD", vnode(), "k", "absent"}),
             !Catch::Contains("[nil") && Catch::Contains("nil"));
  settle(*router, "k", 1);
  CHECK(keys() == "k, V");
  CHECK(ask(*peer, {"VFETCH", vnode(), "k"}) != "[nil]");
}

// The other replica reclaims in the background, whatever the disk is like here.
TEST_CASE_METHOD(UnsettledShard, "a full disk refuses to reclaim, and the shard serves on") {
  const auto router = link_showing(257);
  CHECK(ask(*router, set("k", "v", 1)) == ":0");
  settle(*router, "k", 1);
  const auto peer = connect();
  CHECK(ask(*peer, {"DORIS.PEER", topology_.cluster, "3", "b1"}) == "+OK");
  const Words reclaim{"VRECLAIM", vnode(), version(1), "0", ""};
  host_.allows_writes = false;
  CHECK_THAT(ask(*peer, reclaim), Catch::StartsWith("-DISKFULL"));
  CHECK(ask(*router, get("k")) == "v");
  CHECK_FALSE(shard_->add_to_batch([](Store&) { return Status::okay(); }).ok());
  CHECK_THAT(shard_->refusal(Status::unavailable("DISKFULL")), Catch::StartsWith("DISKFULL"));
  host_.allows_writes = true;
  CHECK_THAT(ask(*peer, reclaim), Catch::StartsWith("["));
  CHECK(ask(*router, get("k")) == "v");
}

TEST_CASE_METHOD(UnsettledShard, "who compares waits for the writes of earlier epochs") {
  const auto router = link_showing(257);
  CHECK(ask(*router, set("k", "v", 1)) == ":0");
  const auto early = connect();
  CHECK(ask(*early, {"DORIS.PEER", topology_.cluster, "3", "b1"}) == "+OK");
  CHECK_THAT(ask(*early, {"VDIGEST", vnode()}), !Catch::Contains("UNSETTLED"));
  serve(4);
  const auto peer = connect();
  CHECK(ask(*peer, {"DORIS.PEER", topology_.cluster, "4", "b1"}) == "+OK");
  CHECK_THAT(ask(*peer, {"VDIGEST", vnode()}), Catch::StartsWith("-UNSETTLED vnode"));
  CHECK(ask(*router, {"VSETTLE", id_bytes(resp::write_id("k", {3, 1, 257})), ""}) == "+OK");
  CHECK_THAT(ask(*peer, {"VDIGEST", vnode()}), !Catch::Contains("UNSETTLED"));
}

TEST_CASE_METHOD(UnsettledShard, "a newer write says nothing of an older one") {
  const auto router = link_showing(257);
  CHECK(ask(*router, set("k", "old", 1)) == ":0");
  CHECK(ask(*router, set("k", "new", 2)) == ":1");
  settle(*router, "k", 2);
  CHECK(ask(*router, get("k")) == "new");
  CHECK(ask(*router, wait("k", 1)) == ":0");
}

TEST_CASE_METHOD(UnsettledShard,
                 "a write that is sent again is done once, also below a newer one") {
  const auto first = link_showing(257);
  const auto other = link_showing(513);
  CHECK(ask(*first, set("k", "first", 1)) == ":0");
  CHECK(ask(*other, {"VSET", "P", vnode(), "k", version(2, 513), "0", "second"}) == ":1");
  const auto again = link_showing(257);
  CHECK(ask(*again, set("k", "first", 1)) == ":0");
  CHECK(ask(*again, get("k")) == "second (unsettled)");
}

TEST_CASE_METHOD(UnsettledShard, "a raised write that is sent again has the same raised version") {
  const auto router = link_showing(257);
  CHECK(ask(*router, set("k", "high", 100)) == ":0");
  const std::string raised = ask(*router, set("k", "low", 1));
  REQUIRE(raised.size() == 1 + resp::Version::kBytes);
  const auto again = link_showing(257);
  CHECK(ask(*again, set("k", "low", 1)) == raised);
}

// Its writer, if it was not answered, does not know that it was raised.
TEST_CASE("a raised write is settled or abandoned by what it was proposed as") {
  UnsettledWrites writes;
  const resp::Version proposal{3, 1, 257};
  const resp::Version raised{3, 100, 257};
  writes.add(257, {1, "k"}, proposal, {false, raised});
  CHECK_FALSE(writes.is_settled("k", raised));
  SECTION("settled") {
    writes.settle(resp::write_id("k", proposal));
    CHECK(writes.is_settled("k", raised));
    CHECK(writes.size() == 0);
  }
  SECTION("abandoned") {
    writes.abandon(resp::write_id("k", proposal));
    CHECK(writes.orphans(TimePoint{}, 10).size() == 2);
  }
}

// Then it may be done anew, and may not be shown as if it had been done.
TEST_CASE_METHOD(UnsettledShard, "who waits for what was overtaken has to read anew") {
  const auto router = link_showing(257);
  const auto other = link_showing(513);
  const std::string of_b = vnode(Group::kB);
  const Words wait{"VWAIT", of_b, "k", version(1)};
  const Words overtake{"VSET", "S", of_b, "k", version(2, 513), "0", "newer"};
  CHECK(ask(*router, {"VSET", "S", of_b, "k", version(1), "0", "v"}) == ":0");
  CHECK(ask(*router, wait) == ":0");
  SECTION("unless that batch fails") {
    store_->commit_error = Status::no_space("no room for the log");
    other->send(overtake);
    router->send(wait);
    loop_.settle();
    store_->commit_error = Status::okay();
    CHECK(router->replies() == Replies{":0"});
    CHECK_THAT(other->replies().at(0), Catch::StartsWith("-DISKFULL"));
  }
  CHECK(ask(*other, overtake) == ":1");
  CHECK(ask(*router, wait) == "nil");
  settle(*router, "k", 1);
  CHECK(ask(*router, wait) == "nil");
}

TEST_CASE_METHOD(UnsettledShard, "what was settled and is there may be shown") {
  const auto router = link_showing(257);
  const std::string of_b = vnode(Group::kB);
  CHECK(ask(*router, {"VSET", "S", of_b, "k", version(1), "0", "v"}) == ":0");
  settle(*router, "k", 1);
  CHECK(ask(*router, {"VWAIT", of_b, "k", version(1)}) == ":1");
}

// From a data server that settles what a router has left behind there.
TEST_CASE_METHOD(UnsettledShard, "what is newer and comes to the primary undoes nothing there") {
  const auto router = link_showing(257);
  CHECK(ask(*router, set("k", "v", 1)) == ":0");
  const auto peer = connect();
  CHECK(ask(*peer, {"DORIS.PEER", topology_.cluster, "3", "b1"}) == "+OK");
  const std::string role = GENERATE("S", "C");
  CHECK(ask(*peer, {"VSET", role, vnode(), "k", version(2, 513), "0", "newer"}) == ":1");
  const auto again = link_showing(257);
  CHECK(ask(*again, set("k", "v", 1)) == ":0");
  CHECK(committed("k") == "newer");
}

TEST_CASE_METHOD(UnsettledShard, "a write whose batch failed is not remembered") {
  const auto router = link_showing(257);
  store_->commit_error = Status::no_space("no room for the log");
  CHECK_THAT(ask(*router, set("k", "v", 1)), Catch::StartsWith("-DISKFULL"));
  store_->commit_error = Status::okay();
  link_again(*router, 257);
  CHECK(ask(*router, set("k", "v", 1)) == ":0");
  CHECK(committed("k") == "v");
}

TEST_CASE("orphans are those whose writer has been away for long, and those given up") {
  UnsettledWrites writes;
  const TimePoint start{Millis{10'000}};
  const resp::Version version{3, 1, 257};
  writes.add(257, {1, "a"}, version, {false, version});
  writes.add(513, {2, "b"}, version, {false, version});
  writes.add(769, {3, "c"}, version, {false, version});
  writes.on_unlinked(513, start);
  writes.abandon(resp::write_id("c", version));
  CHECK(writes.orphans(start - Millis{1}, 10).size() == 1);
  CHECK(writes.orphans(start, 10).size() == 2);
  CHECK(writes.orphans(start, 1).size() == 1);
  writes.on_linked(513);
  REQUIRE(writes.orphans(start, 10).size() == 1);
  CHECK(writes.orphans(start, 10)[0].key == "c");
  CHECK(writes.orphans(start, 10)[0].vnode == 3);
}

// Its router is there, and has forgotten it: a node that recovers would wait for ever.
TEST_CASE("a write of which nobody tells is an orphan in the end") {
  UnsettledWrites writes;
  const TimePoint start{Millis{10'000}};
  const resp::Version version{3, 1, 257};
  writes.on_linked(257);
  writes.add(257, {1, "a"}, version, {false, version});
  CHECK(writes.orphans(start, 10).empty());
  CHECK(writes.orphans(start + Millis{9'000}, 10).empty());
  CHECK_FALSE(writes.is_final("a", version, start + Millis{9'000}));
  CHECK(writes.orphans(start + Millis{10'000}, 10).size() == 1);
  CHECK(writes.is_final("a", version, start + Millis{10'000}));
}

TEST_CASE("orphans that go nowhere hold up no others") {
  UnsettledWrites writes;
  const resp::Version version{3, 1, 257};
  for (int i = 0; i < 300; ++i) {
    const std::string key = fmt::format("k{}", i);
    writes.add(257, {1, key}, version, {false, version});
    writes.abandon(resp::write_id(key, version));
  }
  std::set<std::string> seen;
  for (int i = 0; i < 4; ++i) {
    for (const UnsettledWrites::Orphan& orphan : writes.orphans(TimePoint{}, 100))
      seen.insert(orphan.key);
  }
  CHECK(seen.size() == 300);
}

}  // namespace
}  // namespace doris::server::test
