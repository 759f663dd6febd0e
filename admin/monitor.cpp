#include "admin/monitor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/net/refused.h"

namespace doris::admin {
namespace {

const Log kLog("monitor");

using resp::Value;

constexpr Millis kAskAgain{20};  // After a failure.
// Less than that: each heartbeat finds out anew whether the server is there.
constexpr Millis kConnectAgain{5};

// Why a heartbeat failed, without the address in front: whoever sees the node sees that.
std::string cause_of(const Status& status, const net::Address& address) {
  std::string_view cause = status.message();
  for (const std::string_view before : {"", "connect to "}) {
    const std::string prefix = std::string(before) + address.text() + ": ";
    if (cause.starts_with(prefix)) cause.remove_prefix(prefix.size());
  }
  return std::string(cause);
}

}  // namespace

// The heartbeats of one node at one address.
class Monitor::Probe {
 public:
  Probe(Monitor& monitor, topology::Node node)
      : monitor_(monitor),
        node_(std::move(node)),
        client_(monitor.loop_, monitor.random_,
                {.address = {node_.host, node_.port},
                 .connect_timeout = monitor.options_.timeout,
                 .backoff_min = kConnectAgain,
                 .backoff_max = kConnectAgain}),
        health_(monitor.options_.failures, monitor.options_.timeout),
        timer_(monitor.loop_.timer([this] { beat(); })) {
    timer_->start(Millis{0}, monitor.options_.interval);
  }

  [[nodiscard]] const topology::Node& node() const { return node_; }
  [[nodiscard]] const NodeHealth& health() const { return health_; }

  // The same node at the same address, with other words about it.
  void describe(const topology::Node& node) { node_ = node; }

  // Sends the newest topology to a node that answers and is behind. A push that is lost is
  // made up for after the next heartbeat.
  void push_if_behind() {
    if (pushing_ || health_.health() != Health::kUp) return;
    if (health_.last().epoch >= monitor_.epoch_) return;
    pushing_ = true;
    client_.call(
        {"DORIS.ADOPT", monitor_.text_}, monitor_.options_.timeout,
        [this, epoch = monitor_.epoch_](const Result<Value>& reply) { on_pushed(epoch, reply); });
  }

  void ask_now() { timer_->start(Millis{0}, monitor_.options_.interval); }

 private:
  void beat() {
    if (beating_) return;
    beating_ = true;
    client_.call(
        {"DORIS.HEARTBEAT", monitor_.cluster_, std::to_string(monitor_.epoch_),
         std::to_string(monitor_.verification_.id), monitor_.verification_.repairs ? "1" : "0"},
        monitor_.options_.timeout, [this](const Result<Value>& reply) { on_beat(reply); });
  }

  void on_beat(const Result<Value>& reply) {
    beating_ = false;
    const Result<Heartbeat> heartbeat = read_heartbeat(reply, node_.name);
    const TimePoint now = monitor_.loop_.now();
    const Heartbeat before = health_.last();
    bool changed = true;
    if (heartbeat.ok()) {
      changed = health_.answered(*heartbeat, now) || before != *heartbeat;
    } else {
      const std::string cause = cause_of(heartbeat.status(), client_.address());
      (void)health_.missed(cause, net::was_refused(cause), now);
      timer_->start(std::min(kAskAgain, monitor_.options_.interval), monitor_.options_.interval);
    }
    push_if_behind();
    if (changed) monitor_.observer_(node_, health_);
  }

  void on_pushed(topology::Epoch epoch, const Result<Value>& reply) {
    pushing_ = false;
    if (!reply.ok() || reply->is(Value::Kind::kError)) {
      kLog.warning("{} did not take epoch {}: {}", node_.name, epoch,
                   reply.ok() ? reply->text : reply.status().message());
      return;
    }
    health_.adopted(epoch);
    push_if_behind();  // The next epoch may have come meanwhile.
  }

  Monitor& monitor_;
  topology::Node node_;
  resp::Client client_;
  NodeHealth health_;
  std::unique_ptr<net::Timer> timer_;
  bool beating_ = false;  // A heartbeat is under way.
  bool pushing_ = false;  // A topology is.
};

Monitor::Monitor(net::Loop& loop, Random& random, const Options& options, Observer observer)
    : loop_(loop), random_(random), options_(options), observer_(std::move(observer)) {
  DORIS_CHECK(options.failures > 0, "a node that never failed is not down");
}

Monitor::~Monitor() = default;

void Monitor::watch(const topology::Topology& topology, const std::string& text) {
  cluster_ = topology.cluster;
  epoch_ = topology.epoch;
  text_ = text;
  auto before = std::move(probes_);
  probes_.clear();
  for (const topology::Node& node : topology.nodes) {
    if (node.state == topology::NodeState::kDead) continue;
    std::unique_ptr<Probe>& probe = probes_[node.id];
    const auto old = before.find(node.id);
    if (old != before.end() && old->second->node().host == node.host &&
        old->second->node().port == node.port) {
      probe = std::move(old->second);
      probe->describe(node);
    } else {
      probe = std::make_unique<Probe>(*this, node);
    }
    probe->push_if_behind();
  }
}

void Monitor::ask_now(topology::NodeId node) {
  const auto found = probes_.find(node);
  if (found != probes_.end()) found->second->ask_now();
}

const NodeHealth* Monitor::health(topology::NodeId node) const {
  const auto found = probes_.find(node);
  return found == probes_.end() ? nullptr : &found->second->health();
}

}  // namespace doris::admin
