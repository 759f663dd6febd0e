#include "server/node.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/net/file_limit.h"
#include "base/net/loop_thread.h"
#include "base/topology/topology_codec.h"
#include "server/bdb_store.h"
#include "server/control_session.h"
#include "server/record_view.h"

namespace doris::server {
namespace {

const Log kLog("node");

constexpr uint64_t kFiles = 8192;  // Connections of routers, and Berkeley DB's own.
constexpr size_t kSessionsMax = 1024;

}  // namespace

// A shard and the thread that it lives on. The shard is made and destroyed there.
struct Node::ShardThread {
  explicit ShardThread(const std::string& name) : thread(name) {}
  net::LoopThread thread;
  BdbStore* store = nullptr;  // The shard's own; for fail() and environment() only.
  std::unique_ptr<Shard> shard;
};

Node::Node(net::Loop& control_loop, const Clock& clock, Random& random, Settings settings)
    : loop_(control_loop),
      clock_(clock),
      random_(random),
      settings_(std::move(settings)),
      started_ms_(clock.wall_ms()) {}

Node::~Node() {
  listener_.reset();
  feed_.reset();
  sessions_.clear();
  maintenance_.reset();  // Before the environments that it flushes.
  for (auto& slot : shards_) {
    slot->thread.run_and_wait([&] { slot->shard.reset(); });
    slot->thread.stop();
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
  if (Result<std::string> kept = data_dir_->load_topology(); kept.ok()) {
    DORIS_RETURN_IF_ERROR(
        adopt(*kept, false, nullptr).prefixed(settings_.directory + "/topology"));
  } else if (kept.code() != Code::kNotFound) {
    return kept.status();
  }
  DORIS_RETURN_IF_ERROR(open_shards());
  DORIS_RETURN_IF_ERROR(listen());
  hand_out_standing(nullptr);
  start_feed();
  kLog.info("{}: group {}, control port {}, {} shards on {}-{}, data in {}, admin {}",
            settings_.node, topology::group_name(settings_.group), port_, shards(), port_ + 1, port_ + shards(),
            settings_.directory,
            settings_.admin.text());
  return Status::okay();
}

Status Node::open_shards() {
  std::vector<bdb::Environment*> environments;
  for (uint8_t i = 0; i < shards(); ++i) {
    auto& slot =
        *shards_.emplace_back(std::make_unique<ShardThread>(fmt::format("shard-{}", i)));
    Status opened;
    slot.thread.run_and_wait([&] {
      Result<std::unique_ptr<BdbStore>> store = BdbStore::open(
          {.environment = settings_.environment(data_dir_->shard_path(i), shards()),
           .durability = settings_.sync_each_commit ? bdb::Durability::kSync
                                                    : bdb::Durability::kWrite});
      if (!store.ok()) {
        opened = store.status();
        return;
      }
      slot.store = store->get();
      ShardHost& host = *this;
      slot.shard = std::make_unique<Shard>(
          slot.thread.loop(), clock_, host, std::move(*store),
          Shard::Options{i, settings_.limits, fmt::format("{}/{}", settings_.node, i)});
    });
    DORIS_RETURN_IF_ERROR(opened);
    environments.push_back(&slot.store->environment());
  }
  Maintenance::Options options;
  options.directory = settings_.directory;
  options.flush_log = settings_.sync_each_second;
  options.checkpoint_log_bytes = settings_.checkpoint_log_bytes;
  options.checkpoint_interval = settings_.checkpoint_interval;
  options.disk_free_bytes_min = settings_.disk_free_bytes_min;
  options.on_failed = [this](uint32_t shard, const Status&) { shards_[shard]->store->fail(); };
  maintenance_ = std::make_unique<Maintenance>(std::move(options), std::move(environments));
  return Status::okay();
}

Status Node::listen() {
  Result<std::unique_ptr<net::Listener>> listener =
      loop_.listen(settings_.listen, [this](auto accepted) { on_accept(std::move(accepted)); });
  if (!listener.ok()) return listener.status();
  listener_ = std::move(*listener);
  port_ = listener_->port();
  for (uint8_t i = 0; i < shards(); ++i) {
    const net::Address address{settings_.listen.host,
                               static_cast<uint16_t>(port_ + 1 + i)};
    Status listening;
    shards_[i]->thread.run_and_wait([&] { listening = shards_[i]->shard->listen(address); });
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
          [this](const std::string& text) { return adopt(text, true, nullptr); },
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
          fmt::to_string(standing_.epoch)};
}

Status Node::on_registered(const resp::Value& reply) {
  if (reply.items.size() != 2) return Status::invalid("the admin's registration reply is odd");
  return adopt(reply.items[1].text, true, nullptr);
}

void Node::adopt_topology(std::string text, AdoptCallback done) {
  loop_.post([this, text = std::move(text), done = std::move(done)] {
    // A router's word counts only when it is news: its own memory may be as old as ours.
    const Status adopted = adopt(text, false, done);
    if (!adopted.ok()) done(adopted);
  });
}

// Takes over the topology of `text`. `confirms_same`: it comes from the admin, who confirms
// our epoch even if it is the one that we hold. `done`, if any, runs once every shard has
// it; not on an error.
Status Node::adopt(const std::string& text, bool confirms_same, AdoptCallback done) {
  Result<topology::Topology> topology = topology::decode(text);
  if (!topology.ok()) return topology.status();
  const bool starting = shards_.empty();
  if (!standing_.cluster.empty() && topology->cluster != standing_.cluster) {
    return Status::invalid(fmt::format("a topology of cluster {}, but {} holds data of cluster {}",
                                       topology->cluster, settings_.directory,
                                       standing_.cluster));
  }
  if (topology->epoch < standing_.epoch) {
    return Status::invalid(fmt::format(
        "epoch {} is older than epoch {}, which this node has seen: whoever sent it has lost its "
        "memory",
        topology->epoch, standing_.epoch));
  }
  const bool newer = topology->epoch > standing_.epoch;
  if (newer && !starting) {
    DORIS_RETURN_IF_ERROR(data_dir_->persist_cluster(topology->cluster, topology->vnodes));
    DORIS_RETURN_IF_ERROR(data_dir_->persist_topology(text));
  }
  const bool was_confirmed = confirmed_;
  confirmed_ = confirmed_ || (!starting && (newer || confirms_same));
  if (newer || confirmed_ != was_confirmed) {
    make_standing(std::move(*topology));
    if (!starting) hand_out_standing(done);
  } else if (done != nullptr) {
    done(Status::okay());
  }
  return Status::okay();
}

void Node::make_standing(topology::Topology topology) {
  Standing standing;
  standing.cluster = topology.cluster;
  standing.epoch = topology.epoch;
  standing.group = settings_.group;
  const topology::Node* self = topology.find(settings_.node);
  if (self != nullptr) standing.self = self->id;
  if (!confirmed_) {
    standing.not_ready = "this node has restarted and waits for the admin to confirm its epoch";
  } else if (!topology.formed()) {
    standing.not_ready = "the cluster is forming; see DORIS.STATUS at the admin";
  } else if (self == nullptr) {
    standing.not_ready = "the topology does not name this node";
  }
  if (topology.formed()) {
    standing.table = std::make_shared<const topology::RoutingTable>(std::move(topology));
  }
  if (standing.ready()) {
    kLog.info("{}: serving epoch {}, {} vnodes, primary of {}", settings_.node, standing.epoch,
              standing.table->owned(standing.self), standing.table->primaries(standing.self));
  } else {
    kLog.info("{}: epoch {}, not serving: {}", settings_.node, standing.epoch, standing.not_ready);
  }
  standing_ = std::move(standing);
}

// Gives every shard the standing. `done`, if any, runs here when all have it.
void Node::hand_out_standing(const AdoptCallback& done) {
  auto missing = std::make_shared<size_t>(shards_.size());
  for (const auto& slot : shards_) {
    slot->thread.loop().post([this, shard = slot->shard.get(), standing = standing_, missing,
                              done] {
      shard->set_standing(standing);
      loop_.post([missing, done] {
        if (--*missing == 0 && done != nullptr) done(Status::okay());
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
  loop_.post([this, id = session.id()] { sessions_.erase(id); });
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
  slot.thread.loop().post([this, shard = slot.shard.get(), vnode, index, physical_key,
                           done = std::move(done)] {
    resp::Value view =
        describe_record({vnode, physical_key}, index, shard->inspect({vnode, physical_key}),
                        clock_.wall_ms());
    loop_.post([view = std::move(view), done] { done(view); });
  });
}

// ---- Facts ---------------------------------------------------------------------------

uint32_t Node::shards_offline() const {
  uint32_t count = 0;
  for (const auto& slot : shards_) count += slot->shard->counters().offline.get() != 0 ? 1 : 0;
  return count;
}

const ShardStats& Node::shard_counters(uint32_t shard) const {
  return shards_[shard]->shard->counters();
}

uint64_t Node::log_bytes(uint32_t shard) const {
  return shards_[shard]->store->environment().log_bytes_since_checkpoint();
}

}  // namespace doris::server
