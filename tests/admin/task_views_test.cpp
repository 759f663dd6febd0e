// What operators see of what goes on beside the requests.
#include "admin/task_views.h"

#include <catch2/catch.hpp>

#include "tests/admin/sample_cluster.h"

namespace doris::admin {
namespace {

using Catch::Contains;
using resp::Value;

class Stage {
 public:
  Stage() {
    for (const char* name : {"a1", "b1"}) {
      members_.admit(test::newcomer(name));
      healths_.emplace(members_.node(name).id, NodeHealth(1));
      says(name, {});
    }
  }

  void says(std::string_view name, Heartbeat heartbeat) {
    heartbeat.ready = true;
    (void)healths_.at(members_.node(name).id).answered(heartbeat, kNow);
  }
  void is_silent(std::string_view name) {
    (void)healths_.at(members_.node(name).id).missed("no answer", false, kNow);
  }
  void recovers(std::string_view name) {
    std::ranges::find(members_.topology.nodes, name, &topology::Node::name)->state =
        topology::NodeState::kRecovering;
  }

  [[nodiscard]] Scene scene() const {
    return {members_.topology,
            members_.rules,
            [this](topology::NodeId id) { return &healths_.at(id); },
            {},
            kNow,
            wanted,
            {}};
  }

  WantedVerification wanted{};

 private:
  static constexpr TimePoint kNow{std::chrono::hours{1}};

  test::Members members_;
  std::map<topology::NodeId, NodeHealth> healths_;
};

std::string text_of(const Value& map, std::string_view key) {
  const Value* const value = map.get(key);
  REQUIRE(value != nullptr);
  return value->is(Value::Kind::kInteger) ? std::to_string(value->integer) : value->text;
}

Heartbeat verifies(uint64_t id, uint64_t total, uint64_t left) {
  VerificationFacts facts{.id = id, .progress = {total, left, Millis{1000}}};
  return {.verification = facts};
}

TEST_CASE("without anything under way there are no tasks and no update logs") {
  const Stage stage;
  CHECK(tasks_view(stage.scene()).items.empty());
  CHECK(logs_view(stage.scene()).items.empty());
  CHECK_THAT(text_of(verification_view(stage.scene()), "state"), Contains("none"));
}

TEST_CASE("a recovery shows how far it is, how fast it goes, and when it ends") {
  Stage stage;
  stage.recovers("b1");
  stage.says("b1", {.recovery = Progress{1000, 750, Millis{5000}}});
  const Value tasks = tasks_view(stage.scene());
  REQUIRE(tasks.items.size() == 1);
  CHECK(text_of(tasks.items[0], "task") == "recovery");
  CHECK(text_of(tasks.items[0], "server") == "b1");
  CHECK(text_of(tasks.items[0], "done") == "250 of 1000 vnodes, 25 %");
  CHECK(text_of(tasks.items[0], "rate") == "50/s");
  CHECK(text_of(tasks.items[0], "ends") == "in 15 s");
}

TEST_CASE(
    "an update log shows for whom it is, by whom, its depth and age, and when it is drained") {
  Stage stage;
  KeptLog log{.target = 2, .entries = 40, .bytes = 4000, .oldest = Millis{61'000}};
  stage.says("a1", {.logs = {log}});
  Value logs = logs_view(stage.scene());
  REQUIRE(logs.items.size() == 1);
  CHECK(text_of(logs.items[0], "for") == "b1");
  CHECK(text_of(logs.items[0], "kept by") == "a1");
  CHECK(text_of(logs.items[0], "entries") == "40");
  CHECK(text_of(logs.items[0], "bytes") == "4000");
  CHECK(text_of(logs.items[0], "full") == "no");
  CHECK(text_of(logs.items[0], "oldest") == "61 s");
  CHECK(text_of(logs.items[0], "drained") == "once it recovers");
  CHECK(tasks_view(stage.scene()).items.empty());

  log.draining = Progress{100, 40, Millis{3000}};
  stage.says("a1", {.logs = {log}});
  CHECK(text_of(logs_view(stage.scene()).items[0], "drained") == "in 2 s");
  REQUIRE(tasks_view(stage.scene()).items.size() == 1);
  CHECK(text_of(tasks_view(stage.scene()).items[0], "task") == "update log for b1");
}

TEST_CASE("a full update log is shown as full, and is its keeper's trouble") {
  Stage stage;
  stage.says("a1", {.logs = {{.target = 2, .entries = 1, .bytes = 9}}});
  CHECK(status_view(stage.scene()).get("trouble") == nullptr);
  stage.says("a1", {.logs = {{.target = 2, .entries = 1, .bytes = 9, .full = true}}});
  CHECK(text_of(logs_view(stage.scene()).items[0], "full") == "yes");
  const Value status = status_view(stage.scene());
  REQUIRE(status.get("trouble") != nullptr);
  REQUIRE(status.get("trouble")->items.size() == 1);
  const Value& trouble = status.get("trouble")->items[0];
  CHECK(text_of(trouble, "server") == "a1");
  CHECK(text_of(trouble, "trouble") ==
        "its update log for b1 is full (update-log-max-size): writes that need more room are "
        "refused");
}

TEST_CASE("when a verification ends is not known before all have begun, and said at last") {
  Stage stage;
  stage.wanted = {.id = 9};
  CHECK(text_of(verification_view(stage.scene()), "ends") == "not known yet");
  CHECK(text_of(tasks_view(stage.scene()).items[0], "ends") == "not known yet");
  CHECK(text_of(tasks_view(stage.scene()).items[0], "done") == "not begun");
  stage.says("a1", verifies(9, 500, 0));
  CHECK(text_of(verification_view(stage.scene()), "ends") == "not known yet");
  stage.says("b1", verifies(9, 500, 500));
  CHECK(text_of(verification_view(stage.scene()), "ends") == "in 1000 ms");
  CHECK(text_of(tasks_view(stage.scene()).items[0], "ends") == "in 1000 ms");
  stage.says("b1", verifies(9, 500, 0));
  CHECK(text_of(verification_view(stage.scene()), "ends") == "it has");
}

TEST_CASE("a verification is the sum of what all servers say, and ends when all have ended") {
  Stage stage;
  stage.wanted = {.id = 9, .repairs = true};
  CHECK(verification_runs(stage.scene()));
  CHECK(text_of(verification_view(stage.scene()), "state") == "starting at a1, b1");
  stage.says("a1", verifies(9, 500, 400));
  stage.says("b1", verifies(8, 500, 0));  // An earlier one.
  CHECK(text_of(verification_view(stage.scene()), "state") == "starting at b1");
  stage.says("b1", verifies(9, 500, 0));
  CHECK(text_of(verification_view(stage.scene()), "state") == "running");
  CHECK(text_of(tasks_view(stage.scene()).items[0], "done") == "600 of 1000 vnodes, 60 %");
  Heartbeat last = verifies(9, 500, 0);
  last.verification->differences = last.verification->mended = 2;
  last.verification->samples = {"k (vnode 3): missing or older at b1"};
  stage.says("a1", last);
  const Value view = verification_view(stage.scene());
  CHECK_FALSE(verification_runs(stage.scene()));
  CHECK(text_of(view, "state") == "done");
  CHECK(text_of(view, "compared") == "1000");
  CHECK(text_of(view, "differences") == "2");
  CHECK(text_of(view, "mended") == "2");
  CHECK(view.get("first differences")->items.size() == 1);
  CHECK(view.get("skipped because") == nullptr);
}

TEST_CASE("what a verification has skipped is told by the reason") {
  Stage stage;
  stage.wanted = {.id = 9};
  Heartbeat last = verifies(9, 500, 0);
  last.verification->skipped = {{"b1 is temp-failed", 300}};
  stage.says("a1", last);
  last.verification->skipped["a2 is recovering"] = 20;
  stage.says("b1", last);
  const Value view = verification_view(stage.scene());
  CHECK(text_of(view, "state") == "done, but for the vnodes that were skipped");
  CHECK(text_of(view, "compared") == "380");
  CHECK(text_of(view, "skipped") == "620");
  const Value* const reasons = view.get("skipped because");
  REQUIRE(reasons != nullptr);
  REQUIRE(reasons->items.size() == 2);
  CHECK(reasons->items[0].text == "20 vnodes: a2 is recovering");
  CHECK(reasons->items[1].text == "600 vnodes: b1 is temp-failed");
}

TEST_CASE("vnodes that nobody has had to compare are told, too") {
  Stage stage;
  stage.wanted = {.id = 9};
  stage.says("a1", verifies(9, 500, 0));
  stage.says("b1", verifies(9, 300, 0));
  const Value view = verification_view(stage.scene());
  CHECK(text_of(view, "state") == "done, but for the vnodes that were skipped");
  CHECK(text_of(view, "vnodes") == "1000");
  CHECK(text_of(view, "compared") == "800");
  CHECK(text_of(view, "skipped") == "200");
  CHECK(view.get("skipped because")->items[0].text == "200 vnodes: no copy was up when it began");
}

TEST_CASE("the comparison in the background is one task, the last, of all servers") {
  Stage stage;
  const Progress round{500, 400, Millis{3'600'000}};
  stage.says("a1", {.anti_entropy = round});
  stage.says("b1", {.anti_entropy = round});
  const Value tasks = tasks_view(stage.scene());
  REQUIRE(tasks.items.size() == 1);
  CHECK(text_of(tasks.items[0], "task") == "comparison in the background");
  CHECK(text_of(tasks.items[0], "server") == "all");
  CHECK(text_of(tasks.items[0], "done") == "200 of 1000 vnodes, 20 %");
  CHECK(text_of(tasks.items[0], "rate") == "3/min");
  CHECK(text_of(tasks.items[0], "ends") == "in 4 h");
  CHECK(status_view(stage.scene()).get("tasks") == nullptr);
}

TEST_CASE("a verification ends though a server has gone in the middle of it") {
  Stage stage;
  stage.wanted = {7, false};
  stage.says("a1", verifies(7, 600, 0));
  stage.says("b1", verifies(7, 400, 300));
  CHECK(verification_runs(stage.scene()));
  stage.is_silent("b1");
  CHECK_FALSE(verification_runs(stage.scene()));
  const Value view = verification_view(stage.scene());
  CHECK(text_of(view, "compared") == "700");
  CHECK(text_of(view, "skipped") == "300");
  CHECK(view.get("skipped because")->items[0].text == "300 vnodes: their server has gone");
}

}  // namespace
}  // namespace doris::admin
