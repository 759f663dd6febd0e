#include "admin/supervisor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace doris::admin {
namespace {

const Log kLog("admin");

// A server that has restarted needs a moment to register. One that needs longer is refused, or
// waits for something that may never come.
constexpr Millis kIdleMax{1000};
constexpr Millis kLagMax{1000};  // The same of one that does not take the newest epoch.
constexpr Millis kLook{200};     // How often that is looked for.

}  // namespace

Supervisor::Supervisor(net::Loop& loop, Random& random, const Monitor::Options& options,
                       std::function<void()> on_news)
    : loop_(loop),
      silence_max_(options.timeout * options.failures * 5 / 4),
      on_news_(std::move(on_news)),
      monitor_(loop, random, options,
               [this](const auto& node, const auto& health) { on_health(node, health); }),
      arbiter_(loop, random, options.timeout, [this] { loop_.schedule(*this); }),
      looker_(loop.timer([this] { look_again(); })) {
  looker_->start(kLook, kLook);
}

Supervisor::~Supervisor() {
  loop_.cancel(*this);
}

void Supervisor::watch(const topology::Topology& topology, const std::string& text) {
  topology_ = &topology;
  std::erase_if(serving_, [&](const auto& entry) {
    const topology::Node* const node = topology.find(entry.first);
    return node == nullptr || node->state != topology::NodeState::kUp;
  });
  monitor_.watch(topology, text);
  note_epochs();
}

void Supervisor::look_again() {
  if (topology_ == nullptr) return;
  const bool waits = !idle_since_.empty() || !lags_.empty();
  note_epochs();
  if (waits) loop_.schedule(*this);
}

void Supervisor::note_epochs() {
  for (const topology::Node& node : topology_->nodes) {
    const NodeHealth* const health = monitor_.health(node.id);
    const bool answers = health != nullptr && health->health() == Health::kUp;
    const topology::Epoch epoch = answers ? health->last().epoch : topology_->epoch;
    const auto lag = lags_.find(node.id);
    if (lag != lags_.end() && epoch < lag->second.epoch) continue;
    if (epoch < topology_->epoch) {
      lags_.insert_or_assign(node.id, Lag{topology_->epoch, loop_.now()});
    } else {
      lags_.erase(node.id);
    }
  }
}

// It answers, and the epoch does not reach it, though it was sent again and again.
bool Supervisor::lags(topology::NodeId node) const {
  const auto lag = lags_.find(node);
  return lag != lags_.end() && loop_.now() - lag->second.since > kLagMax;
}

void Supervisor::on_health(const topology::Node& node, const NodeHealth& health) {
  log_change(node, health);
  const bool silent = !health.trouble().empty();
  const bool waits = !health.last().ready && !is_restart(node.id, health.last().incarnation);
  if (silent || !waits) let_in_.erase(node.id);
  if (!silent) arbiter_.forget(node.id);
  if (!silent) heard_.insert(node.id);
  // The witnesses are asked at the first sign, so that they have answered by the last.
  if (silent && !health.is_refused()) arbiter_.suspect(node, others_that_answer(node.id));

  const bool idle = !silent && !health.last().ready;
  if (idle) {
    idle_since_.try_emplace(node.id, loop_.now());
  } else {
    idle_since_.erase(node.id);
  }
  const topology::Node* const now = topology_->find(node.id);
  const bool is_up = now != nullptr && now->state == topology::NodeState::kUp;
  if (is_up && health.serves()) serving_.try_emplace(node.id, health.last().incarnation);
  loop_.schedule(*this);
}

void Supervisor::log_change(const topology::Node& node, const NodeHealth& health) {
  Health& shown = shown_.try_emplace(node.id, Health::kUnknown).first->second;
  if (shown == health.health()) return;
  shown = health.health();
  if (shown == Health::kDown) {
    kLog.warning("{} does not answer: {}", node.name, health.trouble());
  } else {
    kLog.info("{} answers, at epoch {}", node.name, health.last().epoch);
  }
}

NodeFacts Supervisor::facts(const topology::Node& node) {
  NodeFacts facts;
  const NodeHealth* const health = monitor_.health(node.id);
  if (health == nullptr || health->health() == Health::kUnknown) return facts;
  // Those that were gone before this began failed together, as far as anybody knows. If one were
  // failed before the other, it would wait for that, and take it to have later writes.
  if (!heard_.contains(node.id) && is_anybody_unknown()) return facts;
  facts.known = true;
  if (health->health() == Health::kDown) {
    facts.failed = arbiter_.has_failed(node, *health, others_that_answer(node.id));
    facts.why = health->trouble();
    return facts;
  }
  facts.why = what_hampers(node, health->last());
  facts.hampered = !facts.why.empty();
  facts.answers = health->serves() && !facts.hampered;
  facts.recovered_epoch = health->last().recovered_epoch;
  facts.restarted = is_restart(node.id, health->last().incarnation) && serving_.contains(node.id);
  if (does_not_serve(node, *health)) {
    facts.failed = true;
    facts.why = "it answers, and does not serve";
  }
  return facts;
}

bool Supervisor::is_anybody_unknown() const {
  return std::ranges::any_of(topology_->nodes, [this](const topology::Node& node) {
    const NodeHealth* const health = monitor_.health(node.id);
    return node.state == topology::NodeState::kUp && health != nullptr &&
           health->health() == Health::kUnknown;
  });
}

std::string Supervisor::what_hampers(const topology::Node& node, const Heartbeat& last) const {
  if (last.shards_offline > 0) {
    return fmt::format("{} of its {} shards are offline", last.shards_offline, node.shards);
  }
  if (last.shards_silent_for > silence_max_) return "one of its shards does nothing any more";
  if (lags(node.id)) return "it does not take the newest epoch";
  if (last.disk_full) return "its disk is too full for writes";
  return "";
}

bool Supervisor::does_not_serve(const topology::Node& node, const NodeHealth& health) const {
  const auto idle = idle_since_.find(node.id);
  return idle != idle_since_.end() && !health.last().ready && loop_.now() - idle->second > kIdleMax;
}

void Supervisor::note_report(const std::string& observer, const topology::Node& node) {
  arbiter_.reported(observer, node);
  monitor_.ask_now(node.id);
}

bool Supervisor::is_restart(topology::NodeId node, uint64_t incarnation) const {
  const auto known = serving_.find(node);
  return known == serving_.end() || known->second != incarnation;
}

std::vector<topology::Node> Supervisor::others_that_answer(topology::NodeId but) const {
  std::vector<topology::Node> others;
  for (const topology::Node& node : topology_->nodes) {
    const NodeHealth* const health = monitor_.health(node.id);
    const bool answers =
        health != nullptr && health->health() == Health::kUp && health->trouble().empty();
    if (node.id != but && answers) others.push_back(node);
  }
  return others;
}

}  // namespace doris::admin
