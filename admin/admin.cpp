#include "admin/admin.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/net/file_limit.h"

namespace doris::admin {
namespace {

const Log kLog("admin");

// Routers and servers hold a few connections each; this is for some thousand of them.
constexpr size_t kSessionsMax = 10000;
constexpr uint64_t kOwnFiles = 256;  // Descriptors beside the sessions': files, heartbeats.

}  // namespace

Admin::Admin(net::Loop& loop, const Clock& clock, Random& random, const Settings& settings)
    : loop_(loop),
      clock_(clock),
      settings_(settings),
      started_ms_(clock.wall_ms()),
      random_(random),
      monitor_(loop, random, settings.monitor,
               [this](const auto& node, const auto& health) { on_health(node, health); }) {}

Admin::~Admin() {
  loop_.cancel(*this);
}

Status Admin::start() {
  DORIS_RETURN_IF_ERROR(net::raise_file_limit(kSessionsMax + kOwnFiles));
  auto store = TopologyStore::open(settings_.store, clock_, random_);
  if (!store.ok()) return store.status();
  store_ = *std::move(store);
  if (auto formed = form_if_complete(store_->topology(), settings_.rules); formed.has_value()) {
    DORIS_RETURN_IF_ERROR(adopt(*std::move(formed), "the admin"));
  }
  auto listener =
      loop_.listen(settings_.listen, [this](auto accepted) { on_accept(std::move(accepted)); });
  if (!listener.ok()) return listener.status();
  listener_ = *std::move(listener);
  announce();
  kLog.info("listening on {}", net::Address{settings_.listen.host, listener_->port()}.text());
  return Status::okay();
}

// ---- The topology --------------------------------------------------------------------

Status Admin::admit(const Registration& registration, const std::string& peer) {
  const auto is_alive = [this](topology::NodeId id) {
    const NodeHealth* const health = monitor_.health(id);
    return health != nullptr && health->health() == Health::kUp;
  };
  auto change = register_server(store_->topology(), registration, settings_.rules,
                                {store_->next_node(), is_alive});
  if (!change.ok()) {
    const std::string refusal = fmt::format("server '{}' ({}) is refused: {}", registration.name,
                                            peer, change.status().message());
    if (refusal != last_refusal_) kLog.warning("{}", refusal);
    last_refusal_ = refusal;
    return change.status();
  }
  if (!change->has_value()) {
    kLog.info("{} ({}) registered again, nothing has changed", registration.name, peer);
    return Status::okay();
  }
  DORIS_RETURN_IF_ERROR(
      adopt(**std::move(change), fmt::format("{} ({})", registration.name, peer)));
  announce();
  return Status::okay();
}

Status Admin::adopt(Change change, const std::string& who) {
  Status stored = store_->change(std::move(change.topology), {who, change.what, change.why});
  if (!stored.ok()) kLog.error("'{}' could not be stored: {}", change.what, stored.message());
  return stored;
}

// Tells everybody of the newest topology.
void Admin::announce() {
  monitor_.watch(store_->topology(), store_->text());
  // Answering one lets its next commands run, which may change the set.
  for (AdminSession* const session : std::unordered_set<AdminSession*>(watching_)) {
    if (watching_.contains(session)) session->end_watch();
  }
}

void Admin::on_health(const topology::Node& node, const NodeHealth& health) {
  if (health.health() == Health::kDown) {
    kLog.warning("{} is down: {}", node.name, health.trouble());
  } else {
    kLog.info("{} is up, at epoch {}", node.name, health.last().epoch);
  }
}

Scene Admin::scene() {
  return {store_->topology(), settings_.rules,
          [this](topology::NodeId id) { return monitor_.health(id); }, watchers_.list(loop_.now()),
          loop_.now()};
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
  sessions_.emplace(&started, std::move(session));
  started.start();
}

void Admin::on_session_ended(AdminSession& session) {
  watching_.erase(&session);
  const auto found = sessions_.find(&session);
  DORIS_CHECK(found != sessions_.end(), "a session ends once");
  ended_.push_back(std::move(found->second));
  sessions_.erase(found);
  loop_.schedule(*this);
}

}  // namespace doris::admin
