#include "server/node.h"

#include <fmt/format.h>

#include "base/guard.h"
#include "base/log.h"
#include "base/net/file_limit.h"
#include "base/topology/topology_codec.h"
#include "server/control_session.h"
#include "server/record_view.h"

namespace doris::server {
namespace {

const Log kLog("node");

constexpr uint64_t kFiles = 8192;  // Connections of routers, and Berkeley DB's own.
constexpr size_t kSessionsMax = 1024;
constexpr int kPortAttempts = 512;  // Clients' closed connections hold ports for a minute.

}  // namespace

// A shard and the thread that it lives on. The shard is made and destroyed there.
struct Node::ShardThread {
  explicit ShardThread(std::unique_ptr<net::LoopHost> host) : thread(std::move(host)) {}
  const std::unique_ptr<net::LoopHost> thread;
  std::unique_ptr<Shard> shard;
};

Node::Node(net::Loop& control_loop, const Clock& clock, Random& random, Settings settings,
           net::StartThread start_thread, std::unique_ptr<Stores> stores)
    : loop_(control_loop),
      clock_(clock),
      random_(random),
      settings_(std::move(settings)),
      start_thread_(std::move(start_thread)),
      started_ms_(clock.wall_ms()),
      incarnation_(random.next() >> 1),
      stores_(std::move(stores)),
      looker_(control_loop.timer([this] { look_at_shards(); })) {}

Node::~Node() {
  listener_.reset();
  feed_.reset();
  probes_.clear();
  sessions_.clear();
  for (auto& slot : shards_) {
    if (slot->shard != nullptr) slot->thread->run_and_wait([&] { slot->shard->stop(); });
  }
  stores_->stop_upkeep();  // After those that ask it, before the stores that it looks after.
  for (auto& slot : shards_) {
    slot->thread->run_and_wait([&] { slot->shard.reset(); });
    slot->thread->stop();
  }
}

// ---- Starting ------------------------------------------------------------------------

Status Node::start() {
  DORIS_RETURN_IF_ERROR(net::raise_file_limit(kFiles));
  Result<std::unique_ptr<DataDir>> data_dir =
      DataDir::open({.path = settings_.directory,
                     .node = settings_.node,
                     .shards = settings_.shards,
                     .shards_if_new = settings_.shards_if_new});
  if (!data_dir.ok()) return data_dir.status();
  data_dir_ = std::move(*data_dir);
  standing_.cluster = data_dir_->cluster();
  if (!standing_.cluster.empty()) DORIS_RETURN_IF_ERROR(take_over_kept());
  DORIS_RETURN_IF_ERROR(open_shards());
  DORIS_RETURN_IF_ERROR(listen());
  hand_out_standing(nullptr);
  start_feed();
  kLog.info("{}: group {}, {}, data in {}, admin {}", settings_.node,
            topology::group_name(settings_.group), ports(), settings_.directory,
            settings_.admin.text());
  return Status::okay();
}

// A node that has joined has a topology. Without it, it would not know which epochs have passed.
Status Node::take_over_kept() {
  const Result<std::string> kept = data_dir_->load_topology();
  if (kept.ok()) {
    return take_over(*kept, Source::kDisk).prefixed(settings_.directory + "/topology");
  }
  if (kept.code() != Code::kNotFound) return kept.status();
  if (!guarded(Guard::kEpochPersisted)) return Status::okay();
  return Status::corrupt(
      fmt::format("{0}/topology is missing: restore all of {0}, or empty it and let the node be "
                  "rebuilt",
                  settings_.directory));
}

Status Node::open_shards() {
  reports_.resize(shards());
  watch_ = ShardWatch(shards());
  looker_->start(ShardWatch::kLook, ShardWatch::kLook);
  const uint64_t seed = random_.next();
  for (uint32_t i = 0; i < shards(); ++i) {
    auto& slot = *shards_.emplace_back(
        std::make_unique<ShardThread>(start_thread_(fmt::format("shard-{}", i))));
    Status opened;
    slot.thread->run_and_wait([&] {
      Result<std::unique_ptr<Store>> store = stores_->open(i, shards(), data_dir_->shard_path(i));
      if (!store.ok()) {
        opened = store.status();
        return;
      }
      ShardHost& host = *this;
      Shard::Options options{
          .index = static_cast<uint8_t>(i),
          .limits = settings_.limits,
          .name = fmt::format("{}/{}", settings_.node, i),
          .update_log_bytes_max = settings_.update_log_bytes_max,
          .request_timeout = settings_.request_timeout,
          .anti_entropy = {settings_.anti_entropy_interval, settings_.tombstone_retention},
          .seed = seed + i,
          .incarnation = incarnation_};
      slot.shard = std::make_unique<Shard>(slot.thread->loop(), clock_, host, std::move(*store),
                                           std::move(options));
    });
    DORIS_RETURN_IF_ERROR(opened);
  }
  stores_->start_upkeep();
  return Status::okay();
}

Status Node::listen() {
  // A port that the system has chosen is free, but those above it may be taken.
  const int attempts = settings_.listen.port == 0 ? kPortAttempts : 1;
  Status listening;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    listening = listen_at(settings_.listen.port);
    if (listening.code() != Code::kExists) break;
  }
  return listening;
}

Status Node::listen_at(uint16_t port) {
  Result<std::unique_ptr<net::Listener>> listener = loop_.listen(
      {settings_.listen.host, port}, [this](auto accepted) { on_accept(std::move(accepted)); });
  if (!listener.ok()) return listener.status();
  listener_ = std::move(*listener);
  port_ = listener_->port();
  if (port_ + shards() > UINT16_MAX) return Status::exists("no ports are left for the shards");
  for (uint32_t i = 0; i < shards(); ++i) {
    const net::Address address{settings_.listen.host, static_cast<uint16_t>(port_ + 1 + i)};
    Status listening;
    shards_[i]->thread->run_and_wait([&] { listening = shards_[i]->shard->listen(address); });
    DORIS_RETURN_IF_ERROR(listening);
  }
  return Status::okay();
}

// ---- The topology --------------------------------------------------------------------

void Node::start_feed() {
  feed_ = std::make_unique<resp::TopologyFeed>(
      loop_, random_,
      resp::TopologyFeed::Options{settings_.admin, settings_.topology_pull_interval,
                                  settings_.node},
      resp::TopologyFeed::Callbacks{
          [this] { return registration(); },
          [this](const resp::Value& reply) { return on_registered(reply); },
          [this](const std::string& text) { return take_over(text, Source::kAdmin); },
          [this] { return standing_.epoch; }});
}

std::vector<std::string> Node::registration() const {
  return {"DORIS.REGISTER",
          "server",
          settings_.node,
          std::string(topology::group_name(settings_.group)),
          settings_.machine,
          settings_.announced_host,
          fmt::to_string(port_),
          fmt::to_string(data_dir_->shards()),
          data_dir_->cluster().empty() ? "-" : data_dir_->cluster(),
          fmt::to_string(standing_.epoch),
          fmt::to_string(incarnation_),
          fmt::to_string(disk_mark())};
}

Status Node::on_registered(const resp::Value& reply) {
  if (reply.items.size() != 2) return Status::invalid("the admin's registration reply is odd");
  return take_over(reply.items[1].text, Source::kAdmin);
}

void Node::adopt_topology(std::string text, AdoptCallback done) {
  postbox_.post([this, text = std::move(text), done = std::move(done)] {
    Result<topology::Topology> topology = topology::decode(text);
    if (!topology.ok()) {
      done(resp::Value::error("ERR not a topology: " + topology.status().message()));
      return;
    }
    const Status adopted = adopt(*std::move(topology), text, Source::kRouter,
                                 [done] { done(resp::Value::simple("OK")); });
    if (!adopted.ok()) done(resp::Value::error(adopted.message()));
  });
}

Status Node::take_over(const std::string& text, Source source) {
  Result<topology::Topology> topology = topology::decode(text);
  if (!topology.ok()) return topology.status();
  return adopt(*std::move(topology), text, source, nullptr);
}

Status Node::adopt(topology::Topology topology, const std::string& text, Source source,
                   const std::function<void()>& done) {
  DORIS_RETURN_IF_ERROR(check(topology, source));
  const bool newer = topology.epoch > standing_.epoch;
  if (newer && source != Source::kDisk) {
    // On the disk before any shard acts on it.
    if (guarded(Guard::kEpochPersisted)) {
      DORIS_RETURN_IF_ERROR(data_dir_->persist_topology(text).prefixed("ERR not kept"));
    }
    // Last: it says that there is a topology.
    DORIS_RETURN_IF_ERROR(
        data_dir_->persist_cluster(topology.cluster, topology.vnodes).prefixed("ERR not kept"));
  }
  const bool confirms =
      source == Source::kAdmin || (source == Source::kRouter && newer && !is_up_in(topology));
  const bool changes = newer || (confirms && !confirmed_);
  confirmed_ = confirmed_ || confirms;
  if (changes) make_standing(std::move(topology));
  // What is held already may still be on its way to a shard.
  if (changes || done != nullptr) hand_out_standing(done);
  return Status::okay();
}

Status Node::check(const topology::Topology& topology, Source source) const {
  if (standing_.cluster.empty() && source == Source::kRouter) {
    return Status::invalid(fmt::format(
        "NOTREADY {} has not joined a cluster yet, and only the admin says which", settings_.node));
  }
  if (!standing_.cluster.empty() && topology.cluster != standing_.cluster) {
    return Status::invalid(fmt::format("WRONGCLUSTER {} holds data of cluster {}, not of {}",
                                       settings_.directory, standing_.cluster, topology.cluster));
  }
  if (topology.epoch < standing_.epoch) {
    return Status::invalid(fmt::format("STALEEPOCH {} this node has seen that epoch; {} is older",
                                       standing_.epoch, topology.epoch));
  }
  return Status::okay();
}

bool Node::is_up_in(const topology::Topology& topology) const {
  const topology::Node* const self = topology.find(settings_.node);
  return self != nullptr && self->state == topology::NodeState::kUp;
}

void Node::make_standing(topology::Topology topology) {
  Standing standing;
  standing.cluster = topology.cluster;
  standing.epoch = topology.epoch;
  const topology::Node* self = topology.find(settings_.node);
  if (self != nullptr) {
    standing.self = self->id;
    standing.group = self->group;
  }
  standing.not_ready = why_not_ready(topology, self);
  if (topology.formed()) {
    standing.table = std::make_shared<const topology::RoutingTable>(std::move(topology));
  }
  if (standing.ready()) {
    kLog.info("{}: serving epoch {}, {}, {} vnodes, primary of {}", settings_.node, standing.epoch,
              ports(), standing.table->owned(standing.self),
              standing.table->primaries(standing.self));
  } else {
    kLog.info("{}: epoch {}, not serving: {}", settings_.node, standing.epoch, standing.not_ready);
  }
  standing_ = std::move(standing);
}

std::string Node::why_not_ready(const topology::Topology& topology,
                                const topology::Node* self) const {
  if (!confirmed_ && guarded(Guard::kRestartsConfirmed)) {
    return "this node has restarted and waits for the admin to confirm its epoch";
  }
  if (!topology.formed()) return "the cluster is forming; see DORIS.STATUS at the admin";
  if (self == nullptr) return "the topology does not name this node";
  if (self->state == topology::NodeState::kDead) {
    return "this node was declared dead and replaced: stop it; with an empty server-dir and "
           "another node-name its machine can serve again";
  }
  if (self->shards != data_dir_->shards()) {
    return fmt::format("the topology says that this node has {} shards, but it has {}",
                       self->shards, data_dir_->shards());
  }
  return "";
}

// Gives every shard the standing. `done`, if any, runs here when all have it.
void Node::hand_out_standing(const std::function<void()>& done) {
  auto missing = std::make_shared<size_t>(shards_.size());
  for (const auto& slot : shards_) {
    slot->thread->loop().post(
        [this, shard = slot->shard.get(), standing = standing_, missing, done] {
          shard->set_standing(standing);
          postbox_.post([missing, done] {
            if (--*missing == 0 && done != nullptr) done();
          });
        });
  }
}

// ---- The control port ----------------------------------------------------------------

void Node::on_accept(std::unique_ptr<net::Accepted> accepted) {
  Result<std::unique_ptr<net::Stream>> stream = loop_.adopt(std::move(accepted));
  if (!stream.ok()) return;
  if (sessions_.size() >= kSessionsMax) {
    resp::refuse_connection(std::move(*stream));
    return;
  }
  const uint64_t id = next_session_++;
  auto session = std::make_unique<ControlSession>(std::move(*stream), *this, id);
  ControlSession& started = *session;
  sessions_.emplace(id, std::move(session));
  started.start();
}

void Node::on_session_ended(ControlSession& session) {
  // Not from inside its own callback.
  postbox_.post([this, id = session.id()] { sessions_.erase(id); });
}

void Node::with_session(uint64_t id, const std::function<void(ControlSession&)>& then) {
  const auto found = sessions_.find(id);
  if (found != sessions_.end() && !found->second->ended()) then(*found->second);
}

void Node::inspect(const std::string& physical_key, std::function<void(resp::Value)> done) {
  if (standing_.table == nullptr) {
    done(resp::Value::error("NOTREADY " + standing_.not_ready));
    return;
  }
  const topology::Vnode vnode = hasher_.vnode(physical_key, standing_.table->vnodes());
  const uint32_t index = vnode % shards();
  ShardThread& slot = *shards_[index];
  slot.thread->loop().post(
      [this, shard = slot.shard.get(), vnode, index, physical_key, done = std::move(done)] {
        resp::Value view = describe_record({vnode, physical_key}, index,
                                           shard->inspect({vnode, physical_key}), clock_.wall_ms());
        postbox_.post([view = std::move(view), done] { done(view); });
      });
}

void Node::probe(const net::Address& address, Millis timeout, std::function<void(bool)> done) {
  const uint64_t id = next_probe_++;
  auto& client = probes_[id] = std::make_unique<resp::Client>(
      loop_, random_, resp::Client::Options{.address = address, .connect_timeout = timeout});
  client->call({"PING"}, timeout, [this, id, done = std::move(done)](const auto& reply) {
    done(reply.ok() && !reply->is(resp::Value::Kind::kError));
    postbox_.post([this, id] { probes_.erase(id); });  // Not from inside its own callback.
  });
}

// ---- Facts ---------------------------------------------------------------------------

// "control port 7000, 2 shards on 7001-7002"
std::string Node::ports() const {
  return fmt::format("control port {}, {} shard{} on {}-{}", port_, shards(),
                     shards() == 1 ? "" : "s", port_ + 1, port_ + shards());
}

uint32_t Node::shards_offline() const {
  return static_cast<uint32_t>(sum_over_shards(&ShardStats::offline));
}

topology::Epoch Node::recovered_epoch() const {
  const auto of = [](const auto& slot) { return slot->shard->counters().recovered_epoch.get(); };
  int64_t epoch = INT64_MAX;
  for (const auto& slot : shards_)
    epoch = std::min(epoch, of(slot));
  return static_cast<topology::Epoch>(epoch) == standing_.epoch ? standing_.epoch : 0;
}

void Node::take_report(uint8_t index, ShardReport report) {
  postbox_.post(
      [this, index, report = std::move(report)]() mutable { reports_[index] = std::move(report); });
}

void Node::look_at_shards() {
  for (uint32_t i = 0; i < shards_.size(); ++i)
    watch_.look(i, shard_counters(i).steps.get(), shard_counters(i).busy_bytes.get());
}

void Node::want_verification(uint64_t id, bool repairs) {
  if (id == wanted_verification_) return;
  wanted_verification_ = id;
  for (const auto& slot : shards_) {
    slot->thread->loop().post(
        [shard = slot->shard.get(), id, repairs] { shard->verify(id, repairs); });
  }
}

int64_t Node::sum_over_shards(Counter ShardStats::*counter) const {
  int64_t sum = 0;
  for (const auto& slot : shards_)
    sum += (slot->shard->counters().*counter).get();
  return sum;
}

const ShardStats& Node::shard_counters(uint32_t shard) const {
  return shards_[shard]->shard->counters();
}

}  // namespace doris::server
