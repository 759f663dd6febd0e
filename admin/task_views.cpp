#include "admin/task_views.h"

#include <fmt/format.h>

#include "admin/map_builder.h"

namespace doris::admin {
namespace {

using resp::Value;
using topology::Node;
using topology::NodeState;

std::string name_of(const Scene& scene, topology::NodeId id) {
  const Node* const node = scene.topology.find(id);
  return node == nullptr ? fmt::format("node {}", id) : node->name;
}

std::string time_left_text(const Progress& progress) {
  const auto left = progress.time_left();
  return left ? fmt::format("in {}", duration_text(*left)) : "not known yet";
}

std::string done_text(const Progress& progress, std::string_view unit) {
  if (progress.total == 0) return "not begun";
  return fmt::format("{} of {} {}, {} %", progress.done(), progress.total, unit,
                     progress.done() * 100 / progress.total);
}

// In the unit of time in which there is something to count.
std::string rate_text(const Progress& progress) {
  const auto ms = static_cast<uint64_t>(std::max<int64_t>(progress.elapsed.count(), 1));
  const uint64_t in_hour = progress.done() * 3'600'000 / ms;
  if (in_hour >= 3600 || in_hour == 0) return fmt::format("{}/s", in_hour / 3600);
  return in_hour >= 60 ? fmt::format("{}/min", in_hour / 60) : fmt::format("{}/h", in_hour);
}

// `unit` in the plural: "vnodes".
Value task_map(std::string_view task, std::string_view server, const Progress& progress,
               std::string_view unit, std::string_view ends) {
  return MapBuilder()
      .add("task", task)
      .add("server", server)
      .add("done", done_text(progress, unit))
      .add("rate", rate_text(progress))
      .add("for", duration_text(progress.elapsed))
      .add("ends", ends)
      .take();
}

Value task_map(std::string_view task, std::string_view server, const Progress& progress,
               std::string_view unit) {
  return task_map(task, server, progress, unit, time_left_text(progress));
}

// The verification as all servers together have it.
struct Verified {
  VerificationFacts sum;
  std::vector<std::string> waiting;  // Servers that have not begun.

  [[nodiscard]] bool runs() const { return sum.progress.left > 0 || !waiting.empty(); }
};

void add(Progress& sum, const Progress& progress) {
  sum.total += progress.total;
  sum.left += progress.left;
  sum.elapsed = std::max(sum.elapsed, progress.elapsed);
}

// What a server that does not answer any more had left: it forgets it with its process.
VerificationFacts ended(VerificationFacts facts) {
  if (facts.progress.left > 0) facts.skipped["their server has gone"] += facts.progress.left;
  facts.progress.left = 0;
  return facts;
}

void add(VerificationFacts& sum, const VerificationFacts& facts) {
  add(sum.progress, facts.progress);
  for (const auto& [why, vnodes] : facts.skipped)
    sum.skipped[why] += vnodes;
  sum.differences += facts.differences;
  sum.mended += facts.mended;
  sum.samples.insert(sum.samples.end(), facts.samples.begin(), facts.samples.end());
}

Verified verified(const Scene& scene) {
  Verified all;
  all.sum.id = scene.verification.id;
  for (const Node& node : scene.topology.nodes) {
    const NodeHealth* const health = scene.health(node.id);
    const auto facts = health == nullptr ? std::nullopt : health->last().verification;
    const bool answers = health != nullptr && health->health() == Health::kUp;
    if (facts && facts->id == scene.verification.id) {
      add(all.sum, answers ? *facts : ended(*facts));
    } else if (node.state == NodeState::kUp && answers) {
      all.waiting.push_back(node.name);
    }
  }
  // Nobody who is up has these among his own.
  uint64_t& total = all.sum.progress.total;
  if (all.waiting.empty() && total < scene.topology.vnodes) {
    all.sum.skipped["no copy was up when it began"] = scene.topology.vnodes - total;
    total = scene.topology.vnodes;
  }
  return all;
}

// How much there is for those to do who have not begun, nobody knows.
std::string ends_text(const Verified& all) {
  if (!all.runs()) return "it has";
  return all.waiting.empty() ? time_left_text(all.sum.progress) : "not known yet";
}

std::string verification_name(const WantedVerification& wanted) {
  return wanted.repairs ? "verification and repair" : "verification";
}

std::vector<Value> tasks_with_an_end(const Scene& scene) {
  std::vector<Value> tasks;
  for (const Node& node : scene.topology.nodes) {
    const NodeHealth* const health = scene.health(node.id);
    if (health == nullptr || health->health() != Health::kUp) continue;
    const Heartbeat& last = health->last();
    if (last.recovery && node.state == NodeState::kRecovering) {
      tasks.push_back(task_map("recovery", node.name, *last.recovery, "vnodes"));
    }
    for (const KeptLog& log : last.logs) {
      if (!log.draining) continue;
      tasks.push_back(task_map(fmt::format("update log for {}", name_of(scene, log.target)),
                               node.name, *log.draining, "entries"));
    }
  }
  if (verification_runs(scene)) {
    const Verified all = verified(scene);
    tasks.push_back(task_map(verification_name(scene.verification), "all", all.sum.progress,
                             "vnodes", ends_text(all)));
  }
  return tasks;
}

std::string state_of(const Verified& all) {
  if (!all.waiting.empty()) return fmt::format("starting at {}", fmt::join(all.waiting, ", "));
  if (all.runs()) return "running";
  return all.sum.skipped.empty() ? "done" : "done, but for the vnodes that were skipped";
}

}  // namespace

Value logs_view(const Scene& scene) {
  std::vector<Value> logs;
  for (const Node& keeper : scene.topology.nodes) {
    const NodeHealth* const health = scene.health(keeper.id);
    if (health == nullptr || health->health() != Health::kUp) continue;
    for (const KeptLog& log : health->last().logs) {
      logs.push_back(
          MapBuilder()
              .add("for", name_of(scene, log.target))
              .add("kept by", keeper.name)
              .add("entries", log.entries)
              .add("bytes", log.bytes)
              .add("full", log.full ? "yes" : "no")
              .add("oldest", duration_text(log.oldest))
              .add("drained", log.draining ? time_left_text(*log.draining) : "once it recovers")
              .take());
    }
  }
  return Value::array(std::move(logs));
}

Value tasks_view(const Scene& scene) {
  std::vector<Value> tasks = tasks_with_an_end(scene);
  Progress round;
  for (const Node& node : scene.topology.nodes) {
    const NodeHealth* const health = scene.health(node.id);
    const bool answers = health != nullptr && health->health() == Health::kUp;
    if (answers && health->last().anti_entropy) add(round, *health->last().anti_entropy);
  }
  if (round.total > 0) {
    tasks.push_back(task_map("comparison in the background", "all", round, "vnodes"));
  }
  return Value::array(std::move(tasks));
}

size_t tasks_under_way(const Scene& scene) {
  return tasks_with_an_end(scene).size();
}

bool verification_runs(const Scene& scene) {
  return scene.verification.id != 0 && verified(scene).runs();
}

Value verification_view(const Scene& scene) {
  if (scene.verification.id == 0) {
    return MapBuilder()
        .add(
            "state",
            "none since the admin was started, or it was stopped: DORIS.VERIFY [REPAIR] starts one")
        .take();
  }
  const Verified all = verified(scene);
  uint64_t skipped = 0;
  std::vector<Value> reasons;
  for (const auto& [why, vnodes] : all.sum.skipped) {
    skipped += vnodes;
    reasons.push_back(Value::bulk(fmt::format("{} vnodes: {}", vnodes, why)));
  }
  MapBuilder map;
  map.add("task", verification_name(scene.verification))
      .add("state", state_of(all))
      .add("vnodes", all.sum.progress.total)
      .add("compared", all.sum.progress.done() - std::min(skipped, all.sum.progress.done()))
      .add("skipped", skipped)
      .add("differences", all.sum.differences)
      .add("mended", all.sum.mended)
      .add("ends", ends_text(all));
  if (!reasons.empty()) map.add("skipped because", Value::array(std::move(reasons)));
  if (!all.sum.samples.empty()) {
    std::vector<Value> samples;
    for (const std::string& sample : all.sum.samples)
      samples.push_back(Value::bulk(sample));
    map.add("first differences", Value::array(std::move(samples)));
  }
  return map.take();
}

}  // namespace doris::admin
