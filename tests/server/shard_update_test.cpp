// Updates as a shard does them: evaluated once, answered with their effect.
#include "resp/write_id.h"
#include "tests/server/shard_fixture.h"

namespace doris::server::test {
namespace {

using topology::Group;

constexpr uint32_t kWriter = 257;
constexpr uint32_t kOther = 258;

// What an answer to VRMW means: "reply -> value", "(unchanged) reply" or "(as before)"; with
// " after" behind it if it rests on what is not final.
class UpdatingShard : public ServingShard {
 public:
  [[nodiscard]] resp::WriteId id(uint64_t hlc, uint32_t writer, topology::Epoch epoch = 0) const {
    const auto of = static_cast<uint32_t>(epoch == 0 ? topology_.epoch : epoch);
    return resp::write_id("k", {of, hlc, writer});
  }

  // An update of "k", proposed at `hlc`; `operation` if not for the first time.
  std::string update(Router& router, uint32_t writer, const std::string& name,
                     const std::string& argument, uint64_t hlc, resp::WriteId operation = 0) {
    if (operation == 0) operation = id(hlc, writer);
    raw_ = ask_value(
        router, {"VRMW", vnode(), "k", version(hlc, writer), id_bytes(operation), name, argument});
    return meaning(raw_);
  }

  void settle(Router& router, resp::WriteId write) {
    CHECK(ask(router, {"VSETTLE", id_bytes(write), ""}) == "+OK");
  }
  std::string base(Router& router, uint64_t hlc, uint32_t writer) {
    return ask(router, {"VBASE", vnode(), "k", version(hlc, writer)});
  }

  // The version in the last answer to update().
  [[nodiscard]] resp::Version answered() const {
    const size_t at = raw_.items.size() == 6 ? 1 : 0;
    return resp::Version::decode(raw_.items[at].text.data());
  }
  // The one in which it was done, if that is another.
  [[nodiscard]] std::optional<resp::Version> done_in() const {
    const resp::Value& last = raw_.items.back();
    if (last.is(resp::Value::Kind::kNull)) return std::nullopt;
    return resp::Version::decode(last.text.data());
  }

 private:
  resp::Value ask_value(Router& router, const Words& words) {
    router.keeps_values = true;
    router.send(words);
    loop_.settle();
    (void)router.replies();
    return router.last;
  }

  static std::string meaning(const resp::Value& answer) {
    if (!answer.is(resp::Value::Kind::kArray)) return "(unchanged) " + line_of(answer);
    const auto& items = answer.items;
    if (items.size() == 2) return "(unchanged, unsettled) " + line_of(items[0]);
    if (items.size() == 1) return "(as before)";
    const size_t at = items.size() - 5;
    const std::string reply = items.size() == 6 ? line_of(items[0]) : "(yours)";
    const bool rests = !items[at + 3].is(resp::Value::Kind::kNull);
    return reply + " -> " + line_of(items[at + 2]) + (rests ? " after" : "");
  }

  resp::Value raw_;
};

// One more value may come on top; what comes behind it waits, too, so that nothing changes places.
TEST_CASE_METHOD(UpdatingShard, "updates wait whose effects are too much to be remembered") {
  const auto router = link(kWriter);
  CHECK(ask(*router, set("k", std::string(kEffectBytesMax / 2, 'x'), 1)) == ":0");
  settle(*router, id(1, kWriter));
  const auto append = [&](uint64_t hlc) {
    router->send({"VRMW", vnode(), "k", version(hlc), id_bytes(id(hlc, kWriter)), "APPEND", "y"});
    loop_.settle();
    return router->replies().at(0).substr(0, 9);
  };
  CHECK_THAT(append(2), Catch::StartsWith("["));
  CHECK_THAT(append(3), Catch::StartsWith("["));
  CHECK(append(4) == "-NOTREADY");
  CHECK_THAT(ask(*router, get("k")), Catch::StartsWith("-NOTREADY"));
  CHECK(base(*router, 2, kWriter) == ":0");
  settle(*router, id(2, kWriter));
  CHECK(append(4) == "-NOTREADY");
  CHECK_THAT(ask(*router, link_words(kWriter, 3)), Catch::StartsWith("["));
  CHECK_THAT(append(3), Catch::StartsWith("["));  // It was done.
  CHECK_THAT(append(4), Catch::StartsWith("["));
  CHECK(append(5) == "-NOTREADY");
}

TEST_CASE_METHOD(UpdatingShard, "an update is answered with its reply and its effect") {
  const auto router = link(kWriter);
  CHECK(update(*router, kWriter, "INCRBY", "5", 1) == ":5 -> 5");
  CHECK(answered() == resp::Version{3, 1, kWriter});
  CHECK(committed("k") == "5");
  settle(*router, id(1, kWriter));
  CHECK(update(*router, kWriter, "APPEND", "0", 2) == ":2 -> 50");
  settle(*router, id(2, kWriter));
  CHECK(update(*router, kWriter, "GETDEL", "", 3) == "50 -> nil");
  settle(*router, id(3, kWriter));
  CHECK(update(*router, kWriter, "SETXX", "v", 4) == "(unchanged) nil");
  CHECK(update(*router, kWriter, "DEL", "", 5) == "(unchanged) :0");
}

TEST_CASE_METHOD(UpdatingShard, "an update of an old clock is raised above what it has found") {
  const auto router = link(kWriter);
  CHECK(update(*router, kWriter, "INCRBY", "1", 100) == ":1 -> 1");
  CHECK(update(*router, kWriter, "INCRBY", "1", 50) == ":2 -> 2");
  CHECK(answered() > resp::Version{3, 100, kWriter});
}

TEST_CASE_METHOD(UpdatingShard, "the same proposal is answered as before, and not done again") {
  auto router = link(kWriter);
  CHECK(update(*router, kWriter, "INCRBY", "1", 1) == ":1 -> 1");
  CHECK(update(*router, kWriter, "INCRBY", "1", 1) == ":1 -> 1");
  router = link(kWriter);
  CHECK(update(*router, kWriter, "INCRBY", "1", 1) == ":1 -> 1");
  CHECK(committed("k") == "1");
}

TEST_CASE_METHOD(UpdatingShard, "what nothing was done to is shown only when it is settled") {
  const auto router = link(kWriter);
  const auto other = link(kOther);
  CHECK(update(*router, kWriter, "SETNX", "v", 1) == "+OK -> v");
  CHECK(update(*other, kOther, "SETNX", "w", 2) == "(unchanged, unsettled) nil");
  CHECK(update(*other, kOther, "INCRBY", "1", 3) ==
        "(unchanged, unsettled) -ERR value is not an integer or out of range");
  settle(*router, id(1, kWriter));
  CHECK(update(*other, kOther, "SETNX", "w", 4) == "(unchanged) nil");
}

TEST_CASE_METHOD(UpdatingShard, "an update rests on what another writer has not settled") {
  const auto router = link(kWriter);
  const auto other = link(kOther);
  CHECK(update(*router, kWriter, "INCRBY", "1", 1) == ":1 -> 1");
  CHECK(update(*router, kWriter, "INCRBY", "1", 2) == ":2 -> 2");  // Its own do not count.
  CHECK(update(*other, kOther, "INCRBY", "1", 3) == ":3 -> 3 after");
  CHECK(update(*other, kOther, "INCRBY", "1", 4) == ":4 -> 4 after");  // As that before it does.
  CHECK(base(*other, 2, kWriter) == ":0");
  settle(*router, id(2, kWriter));
  CHECK(base(*other, 2, kWriter) == ":1");
  CHECK(update(*other, kOther, "INCRBY", "1", 5) == ":5 -> 5");
}

TEST_CASE_METHOD(UpdatingShard, "what was given up, or whose writer is gone, is final") {
  auto router = link(kWriter);
  const auto other = link(kOther);
  CHECK(update(*router, kWriter, "INCRBY", "1", 1) == ":1 -> 1");
  SECTION("given up") {
    CHECK(ask(*router, {"VSETTLE", "", id_bytes(id(1, kWriter))}) == "+OK");
  }
  SECTION("gone") {
    router.reset();
    loop_.settle();
    CHECK(base(*other, 1, kWriter) == ":0");
    loop_.advance(resp::kOrphanGrace);
  }
  CHECK(base(*other, 1, kWriter) == ":1");
}

TEST_CASE_METHOD(UpdatingShard, "an operation is done once, whatever epoch it is proposed in") {
  auto router = link(kWriter);
  const resp::WriteId operation = id(1, kWriter);
  CHECK(update(*router, kWriter, "INCRBY", "1", 1) == ":1 -> 1");
  serve(4);
  router = link(kWriter);
  CHECK(update(*router, kWriter, "INCRBY", "1", 9, operation) == ":1 -> 1");
  CHECK(answered() == resp::Version{4, 9, kWriter});  // What is there is of this epoch now.
  CHECK(done_in() == resp::Version{3, 1, kWriter});
  serve(5);
  router = link(kWriter);
  CHECK(update(*router, kWriter, "INCRBY", "1", 17, operation) == ":1 -> 1");
  CHECK(done_in() == resp::Version{3, 1, kWriter});
  CHECK(committed("k") == "1");
}

TEST_CASE_METHOD(UpdatingShard, "an operation that others have overtaken keeps its place") {
  auto router = link(kWriter);
  auto other = link(kOther);
  const resp::WriteId operation = id(1, kWriter);
  CHECK(update(*router, kWriter, "INCRBY", "1", 1) == ":1 -> 1");
  CHECK(ask(*other, set("k", "70", 2)) == ":1");
  const resp::WriteId theirs = resp::write_id("k", {3, 2, 257});
  serve(4);
  router = link(kWriter);
  SECTION("as it was, while that is not settled") {
    CHECK(update(*router, kWriter, "INCRBY", "1", 9, operation) == ":1 -> 1");
    CHECK(answered() == resp::Version{3, 1, kWriter});
    CHECK_FALSE(done_in());
  }
  SECTION("below what is settled, which gets a version of this epoch") {
    settle(*router, theirs);
    CHECK(update(*router, kWriter, "INCRBY", "1", 9, operation) == ":1 -> 70");
    CHECK(answered() == resp::Version{4, 9, kWriter});
  }
  CHECK(committed("k") == "70");
}

TEST_CASE_METHOD(UpdatingShard, "what an update rests on stays so when that gets a new version") {
  auto router = link(kWriter);
  auto other = link(kOther);
  CHECK(ask(*router, set("k", "70", 5)) == ":0");
  settle(*router, resp::write_id("k", {3, 5, 257}));
  CHECK(update(*router, kWriter, "INCRBY", "1", 3) == ":71 -> 71");
  const resp::Version raised = answered();
  CHECK(raised != resp::Version{3, 3, kWriter});
  CHECK(update(*other, kOther, "INCRBY", "1", 9) == ":72 -> 72 after");
  CHECK(ask(*other, set("k", "5", 20)) == ":1");
  settle(*other, resp::write_id("k", {3, 20, 257}));
  serve(4);
  router = link(kWriter);
  other = link(kOther);
  CHECK(update(*router, kWriter, "INCRBY", "1", 30, id(3, kWriter, 3)) == ":71 -> 5");
  CHECK(done_in() == raised);
  CHECK(update(*other, kOther, "INCRBY", "1", 31, id(9, kOther, 3)) == ":72 -> 72 after");
  const auto base = [&] { return ask(*other, {"VBASE", vnode(), "k", version_of(raised)}); };
  CHECK(base() == ":0");
  settle(*router, resp::write_id("k", {4, 30, kWriter}));
  CHECK(base() == ":1");
}

TEST_CASE_METHOD(UpdatingShard, "an answer that is given again rests on what it has found") {
  auto router = link(kWriter);
  auto other = link(kOther);
  CHECK(update(*router, kWriter, "INCRBY", "1", 1) == ":1 -> 1");
  const resp::WriteId operation = id(2, kOther);
  CHECK(update(*other, kOther, "INCRBY", "1", 2) == ":2 -> 2 after");
  CHECK(ask(*router, set("k", "70", 3)) == ":1");
  settle(*router, resp::write_id("k", {3, 3, 257}));
  serve(4);
  other = link(kOther);
  CHECK(update(*other, kOther, "INCRBY", "1", 9, operation) == ":2 -> 70 after");
}

TEST_CASE_METHOD(UpdatingShard, "of a second copy the server knows the operation, not the reply") {
  auto router = link(kWriter);
  const resp::WriteId operation = 0x1122334455667788;
  CHECK(ask(*router, {"VSET", "S", vnode(), "k", version(5), "0", "7", id_bytes(operation)}) ==
        ":0");
  serve(4);
  router = link(kWriter);
  CHECK(update(*router, kWriter, "INCRBY", "1", 9, operation) == "(yours) -> 7");
  CHECK(committed("k") == "7");
}

// The primary may never have had it, and have evaluated the other without it.
TEST_CASE_METHOD(UpdatingShard, "a second copy that another writer has overtaken was not done") {
  const std::string of_k = vnode();
  const auto be_primary = [&](topology::Epoch epoch, bool is) {
    topology_.primary[std::stoul(of_k)] = is ? Group::kA : Group::kB;
    serve(epoch);
  };
  be_primary(3, false);
  auto router = link(kWriter);
  const auto other = link(kOther);
  const resp::WriteId operation = id(1, kWriter);
  const auto second_copy = [&](uint64_t hlc, uint32_t writer, const std::string& value) {
    return Words{"VSET", "S", of_k, "k", version(hlc, writer), "0", value};
  };
  CHECK(ask(*router, second_copy(1, kWriter, "1")) == ":0");
  SECTION("by one of its own, it was") {
    CHECK(ask(*router, second_copy(2, kWriter, "70")) == ":1");
    be_primary(4, true);
    router = link(kWriter);
    CHECK(update(*router, kWriter, "SET", "1", 9, operation) == "(as before)");
  }
  SECTION("by another's") {
    CHECK(ask(*other, second_copy(2, kOther, "70")) == ":1");
    SECTION("and it came once more") {
      CHECK(ask(*router, second_copy(1, kWriter, "1")) == ":1");
    }
    be_primary(4, true);
    router = link(kWriter);
    CHECK(update(*router, kWriter, "SET", "1", 9, operation) == "+OK -> 1 after");
  }
}

TEST_CASE_METHOD(UpdatingShard, "an update that is proposed anew leaves a version of this epoch") {
  const auto router = link(kWriter);
  CHECK(update(*router, kWriter, "DEL", "", 1, 0x1122334455667788) == ":0 -> nil");
  CHECK(answered() == resp::Version{3, 1, kWriter});
}

TEST_CASE_METHOD(UpdatingShard, "an update whose batch is not kept was never done") {
  const auto router = link(kWriter);
  store_->writes_max = 0;
  CHECK(update(*router, kWriter, "INCRBY", "1", 1).starts_with("(unchanged) -DISKFULL"));
  store_->writes_max = SIZE_MAX;
  link_again(*router, kWriter);
  CHECK(update(*router, kWriter, "INCRBY", "1", 1) == ":1 -> 1");
}

}  // namespace
}  // namespace doris::server::test
