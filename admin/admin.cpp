#include "admin/admin.h"

#include <fmt/format.h>

#include <algorithm>

#include "admin/node_operations.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/net/file_limit.h"

namespace doris::admin {
namespace {

const Log kLog("admin");

// Routers and servers hold a few connections each; this is for some thousand of them.
constexpr size_t kSessionsMax = 10000;
constexpr Millis kLostCheck{1000};   // How often long failures are looked for.
constexpr Millis kKeepMarks{5000};   // How often disk marks are.
constexpr uint64_t kOwnFiles = 256;  // Descriptors beside the sessions': files, heartbeats.

}  // namespace

Admin::Admin(net::Loop& loop, const Clock& clock, Random& random, const Settings& settings)
    : loop_(loop),
      clock_(clock),
      settings_(settings),
      started_ms_(clock.wall_ms()),
      random_(random),
      supervisor_(loop, random, settings.monitor, [this] { reconsider(); }),
      lost_check_(loop.timer([this] { replace_the_lost(); })),
      marks_keeper_(loop.timer([this] { keep_disk_marks(); })) {}

Admin::~Admin() {
  loop_.cancel(*this);
}

Status Admin::start() {
  DORIS_RETURN_IF_ERROR(net::raise_file_limit(kSessionsMax + kOwnFiles));
  // First, so that a start on a port in use leaves no new store behind. Whoever connects by now is
  // accepted when the loop runs.
  auto listener =
      loop_.listen(settings_.listen, [this](auto accepted) { on_accept(std::move(accepted)); });
  if (!listener.ok()) return listener.status();
  listener_ = *std::move(listener);
  auto store = TopologyStore::open(settings_.store, clock_, random_);
  if (!store.ok()) return store.status();
  store_ = *std::move(store);
  disk_marks_ = DiskMarks(store_->disk_marks());
  if (auto formed = form_if_complete(store_->topology(), settings_.rules); formed.has_value()) {
    DORIS_RETURN_IF_ERROR(adopt(*std::move(formed), "the admin"));
  }
  announce();
  lost_check_->start(kLostCheck, kLostCheck);
  marks_keeper_->start(kKeepMarks, kKeepMarks);
  kLog.info("listening on {}", net::Address{settings_.listen.host, listener_->port()}.text());
  return Status::okay();
}

// ---- The topology --------------------------------------------------------------------

Status Admin::admit(const Registration& registration, const std::string& peer) {
  const topology::Epoch before = store_->topology().epoch;
  const topology::Node* const known = store_->topology().find(registration.name);
  const bool was_up = known != nullptr && known->state == topology::NodeState::kUp;
  Status admitted = was_up ? check_restart(*known) : Status::okay();
  if (admitted.ok()) admitted = let_in(registration, peer);
  // One that came empty-handed was let in knowing that.
  const bool has_data = !registration.cluster.empty();
  if (admitted.ok()) {
    const topology::NodeId id = store_->topology().find(registration.name)->id;
    admitted = follow_disk(id, registration.incarnation, registration.disk_mark, has_data);
  }
  if (admitted.ok() && was_up) admitted = follow_restart(registration);
  if (admitted.ok()) refusals_.forget(registration.name);
  if (store_->topology().epoch > before) announce();
  return admitted;
}

// Who has restarted may have to step back, which depends on how the other copies are: not to be
// decided before they were heard of.
Status Admin::check_restart(const topology::Node& node) {
  const topology::Topology& topology = store_->topology();
  for (const topology::NodeId other : owners_beside(topology, node.id)) {
    if (supervisor_.facts(*topology.find(other)).known) continue;
    return Status::unavailable(fmt::format("{} has not been heard of since this admin started",
                                           topology.find(other)->name));
  }
  return Status::okay();
}

Status Admin::let_in(const Registration& registration, const std::string& peer) {
  const auto is_alive = [this](topology::NodeId id) {
    const NodeHealth* const health = supervisor_.health(id);
    return health != nullptr && health->health() == Health::kUp;
  };
  const auto can_be_filled = [this](topology::NodeId id) {
    return others_have_all(store_->topology(), id, facts_of());
  };
  auto change = register_server(store_->topology(), registration, settings_.rules,
                                {store_->next_node(), is_alive, can_be_filled});
  if (!change.ok()) {
    note_refusal(registration, peer, change.status().message());
    return change.status();
  }
  if (change->has_value()) {
    return adopt(**std::move(change), fmt::format("{} ({})", registration.name, peer));
  }
  kLog.info("{} ({}) registered again, nothing has changed", registration.name, peer);
  return Status::okay();
}

// A server that keeps trying is logged once.
void Admin::note_refusal(const Registration& registration, const std::string& peer,
                         const std::string& reason) {
  const net::Address address{registration.host, registration.port};
  if (!refusals_.note({registration.name, address.text(), reason, loop_.now()})) return;
  kLog.warning("server '{}' ({}) is refused: {}", registration.name, peer, reason);
}

// A process of node `id` has begun with such a disk.
Status Admin::follow_disk(topology::NodeId id, uint64_t incarnation, uint64_t mark, bool has_data) {
  const bool notices = guarded(Guard::kOlderDisksNoticed);
  if (notices && has_data && disk_marks_.is_older(id, mark)) {
    auto change = follow_older_disk(store_->topology(), id);
    if (change.has_value()) DORIS_RETURN_IF_ERROR(adopt(*std::move(change), "the admin"));
  }
  // Not before its consequence is kept.
  disk_marks_.begins(id, incarnation, mark);
  return Status::okay();
}

// A server that has come back may be heard of before it has registered.
void Admin::note_disk_marks() {
  const topology::Epoch before = store_->topology().epoch;
  const std::vector<topology::Node> nodes = store_->topology().nodes;
  for (const topology::Node& node : nodes) {
    const NodeHealth* const health = supervisor_.health(node.id);
    if (health == nullptr || health->last().epoch == 0) continue;  // It has nothing yet.
    const Heartbeat& last = health->last();
    const bool is_new = disk_marks_.is_new(node.id, last.incarnation);
    if (is_new && disk_marks_.is_older(node.id, last.disk_mark)) {
      (void)follow_disk(node.id, last.incarnation, last.disk_mark, true);
    }
    disk_marks_.heard(node.id, last.incarnation, last.disk_mark);
  }
  if (store_->topology().epoch > before) announce();
}

void Admin::keep_disk_marks() {
  if (disk_marks_.marks() == store_->disk_marks()) return;
  const Status kept = store_->keep_disk_marks(disk_marks_.marks());
  if (!kept.ok() && kept.message() != store_trouble_) {
    kLog.error("the marks of the servers' disks are not kept: {}", kept.message());
  }
  store_trouble_ = kept.message();
}

// A server that is `up` serves from the moment it is let in. If its process is a new one, it may
// have lost sight of writes that were under way, and the other copies go first.
Status Admin::follow_restart(const Registration& registration) {
  const topology::Topology& topology = store_->topology();
  const topology::NodeId id = topology.find(registration.name)->id;
  if (!supervisor_.is_restart(id, registration.incarnation)) return Status::okay();
  const auto facts = [&](const topology::Node& node) {
    NodeFacts of = supervisor_.facts(node);
    of.restarted = of.restarted || node.id == id;
    // Else all would serve that have restarted together, and none be compared with the others.
    of.answers = of.answers || supervisor_.was_let_in(node.id);
    return of;
  };
  auto change = follow_facts(topology, facts, settings_.degraded_writes);
  if (change.has_value()) DORIS_RETURN_IF_ERROR(adopt(*std::move(change), "the admin"));
  const bool stays = store_->topology().find(id)->state == topology::NodeState::kUp;
  if (stays) supervisor_.note_serving(id, registration.incarnation);
  return Status::okay();
}

void Admin::look_for_later_epochs() {
  if (!outdated_.empty()) return;
  const topology::Topology& topology = store_->topology();
  for (const topology::Node& node : topology.nodes) {
    const NodeHealth* const health = supervisor_.health(node.id);
    if (health == nullptr || health->last().epoch <= topology.epoch) continue;
    outdated_ = fmt::format(
        "{} has seen epoch {}, and this admin is at {}: admin-dir is an old copy, and nothing is "
        "changed any more; stop this admin and restore a newer copy",
        node.name, health->last().epoch, topology.epoch);
    kLog.error("{}", outdated_);
    return;
  }
}

void Admin::reconsider() {
  look_for_later_epochs();
  if (!outdated_.empty()) return;
  note_disk_marks();
  auto change = follow_facts(store_->topology(), facts_of(), settings_.degraded_writes);
  if (change.has_value() && adopt(*std::move(change), "the admin").ok()) announce();
}

// Whether a node has been failed, and not by an operator's will, for permanent-failure-after.
bool Admin::is_lost(const topology::Node& node) {
  if (node.state != topology::NodeState::kTempFailed || node.held) return false;
  const Result<int64_t> failed_at = store_->failed_at(node);
  if (!failed_at.ok()) {
    kLog.error("when {} failed cannot be read: {}", node.name, failed_at.status().message());
    return false;
  }
  return Millis{clock_.wall_ms() - *failed_at} >= settings_.permanent_failure_after;
}

// One at a time: each has its epoch.
void Admin::replace_the_lost() {
  const topology::Topology& topology = store_->topology();
  std::string unreplaced;
  for (const topology::Node& lost : topology.nodes) {
    if (!is_lost(lost)) continue;
    Result<Change> change = replacement_of(lost);
    if (change.ok()) {
      change->why = fmt::format("{} had failed for longer than permanent-failure-after", lost.name);
      if (adopt(*std::move(change), "the admin").ok()) announce();
      return;
    }
    if (!unreplaced.empty()) unreplaced += "; ";
    unreplaced += fmt::format("{} has failed for longer than permanent-failure-after: {}",
                              lost.name, change.status().message());
  }
  if (!unreplaced.empty() && unreplaced != last_unreplaced_) kLog.warning("{}", unreplaced);
  last_unreplaced_ = unreplaced;
}

Result<Change> Admin::replacement_of(const topology::Node& lost) {
  const topology::Topology& topology = store_->topology();
  const MembershipRules& rules = settings_.rules;
  const topology::Node* const successor = find_successor(topology, lost, rules, facts_of());
  if (successor == nullptr) {
    return Status::unavailable(
        "no standby can take its place: start one, on a machine without copies of its keys, with "
        "group standby");
  }
  return replace_node(topology, lost.name, successor->name, rules, facts_of(), /*force=*/false);
}

Status Admin::carry_out(Result<Change> change, const std::string& who) {
  if (!change.ok()) return change.status();
  DORIS_RETURN_IF_ERROR(adopt(*std::move(change), who));
  announce();
  reconsider();
  return Status::okay();
}

Status Admin::adopt(Change change, const std::string& who) {
  look_for_later_epochs();
  if (!outdated_.empty()) return Status::unavailable(outdated_);
  Status stored = store_->change(std::move(change.topology), {who, change.what, change.why},
                                 disk_marks_.marks());
  if (!stored.ok()) kLog.error("'{}' could not be stored: {}", change.what, stored.message());
  store_trouble_ = stored.message();
  return stored;
}

// Tells everybody of the newest topology.
void Admin::announce() {
  supervisor_.watch(store_->topology(), store_->text());
  // Answering one lets its next commands run, which may change the set.
  for (const uint64_t id : std::set<uint64_t>(watching_)) {
    if (watching_.contains(id)) sessions_.at(id)->end_watch();
  }
}

Scene Admin::scene() {
  return {store_->topology(),
          settings_.rules,
          [this](topology::NodeId id) { return supervisor_.health(id); },
          watchers_.list(loop_.now()),
          loop_.now(),
          supervisor_.wanted(),
          {.heartbeat_interval = settings_.monitor.interval,
           .heartbeat_timeout = settings_.monitor.timeout,
           .heartbeat_failures = settings_.monitor.failures,
           .permanent_failure_after = settings_.permanent_failure_after,
           .degraded_writes = settings_.degraded_writes},
          outdated_,
          refusals_.list(loop_.now()),
          store_trouble_};
}

void Admin::verify(bool repairs) {
  // Of time, so that it is another one after a restart, too.
  const auto id = static_cast<uint64_t>(std::max<int64_t>(clock_.wall_ms(), 1));
  supervisor_.want({std::max(id, supervisor_.wanted().id + 1), repairs});
}

void Admin::note_watcher(const std::string& who, topology::Epoch epoch, Millis wait) {
  watchers_.polled(who, epoch, wait, loop_.now());
}

// ---- Sessions ------------------------------------------------------------------------

void Admin::on_accept(std::unique_ptr<net::Accepted> accepted) {
  auto stream = loop_.adopt(std::move(accepted));
  if (!stream.ok()) {
    kLog.warning("a connection was lost as it came: {}", stream.status().message());
    return;
  }
  if (sessions_.size() >= kSessionsMax) {
    resp::refuse_connection(*std::move(stream));
    return;
  }
  auto session = std::make_unique<AdminSession>(*this, next_session_id_++, *std::move(stream));
  AdminSession& started = *session;
  sessions_.emplace(started.id(), std::move(session));
  started.start();
}

void Admin::on_session_ended(AdminSession& session) {
  watching_.erase(session.id());
  const auto found = sessions_.find(session.id());
  DORIS_CHECK(found != sessions_.end(), "a session ends once");
  ended_.push_back(std::move(found->second));
  sessions_.erase(found);
  loop_.schedule(*this);
}

}  // namespace doris::admin
