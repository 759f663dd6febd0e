#include "resp/topology_feed.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/topology/topology_codec.h"

namespace doris::resp {
namespace {

const Log kLog("topology");

constexpr Millis kCallTimeout{2000};
constexpr Millis kWatchWait{10000};
constexpr Millis kWatchTimeout{12000};
constexpr Millis kBackoffMin{50};
constexpr Millis kBackoffMax{1000};

}  // namespace

TopologyFeed::TopologyFeed(net::Loop& loop, Random& random, Options options, Callbacks callbacks)
    : options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      backoff_(random, kBackoffMin, kBackoffMax),
      calls_(loop, random, {.address = options_.admin}),
      watching_(loop, random, {.address = options_.admin}),
      retry_(loop.timer([this] { registered_ ? watch() : register_now(); })),
      puller_(loop.timer([this] { pull(); })) {
  register_now();
}

void TopologyFeed::register_now() {
  calls_.call(callbacks_.registration(), kCallTimeout,
              [this](const Result<Value>& reply) { on_register_reply(reply); });
}

// Some refusals are over in a moment: an admin that has just started lets nobody in before it has
// heard of all who own vnodes.
Status TopologyFeed::accept(const Result<Value>& reply) {
  if (!reply.ok()) return reply.status();
  if (!reply->is(Value::Kind::kError)) return callbacks_.on_registered(*reply);
  return Status::invalid(fmt::format("the admin refused: {}", reply->text));
}

void TopologyFeed::on_register_reply(const Result<Value>& reply) {
  if (const Status accepted = accept(reply); !accepted.ok()) {
    note(accepted.message());
    retry_->start(backoff_.next());
    return;
  }
  note("");
  backoff_.reset();
  registered_ = true;
  puller_->start(options_.pull_interval, options_.pull_interval);
  watch();
}

void TopologyFeed::watch() {
  watching_.call({"DORIS.WATCH", std::to_string(callbacks_.held()),
                  std::to_string(kWatchWait.count()), options_.watcher},
                 kWatchTimeout, [this](const Result<Value>& reply) {
                   if (take(reply)) {
                     backoff_.reset();
                     watch();
                   } else {
                     retry_->start(backoff_.next());
                   }
                 });
}

void TopologyFeed::pull() {
  if (pulling_ || !registered_) return;
  pulling_ = true;
  calls_.call({"DORIS.PULL", std::to_string(callbacks_.held())}, kCallTimeout,
              [this](const Result<Value>& reply) {
                pulling_ = false;
                take(reply);
              });
}

void TopologyFeed::pull_now(topology::Epoch epoch) {
  if (epoch > callbacks_.held()) pull();
}

// Takes the topology of a reply, if there is one. False if the admin could not be asked.
bool TopologyFeed::take(const Result<Value>& reply) {
  if (!reply.ok()) {
    note(reply.status().message());
    return false;
  }
  if (reply->is(Value::Kind::kError)) {
    note(reply->text);
    return false;
  }
  if (reply->is(Value::Kind::kBulk)) {
    const Status taken = take_text(reply->text);
    if (!taken.ok()) {
      note(taken.message());
      return false;
    }
  }
  note("");
  return true;
}

// The watch and a pull may bring the same text, and an older one may come last.
Status TopologyFeed::take_text(const std::string& text) {
  const Result<topology::Topology> topology = topology::decode(text);
  if (!topology.ok()) return topology.status().prefixed("topology from the admin");
  if (topology->epoch <= callbacks_.held()) return Status::okay();
  return callbacks_.on_topology(text);
}

void TopologyFeed::note(std::string trouble) {
  if (trouble == trouble_) return;
  if (trouble.empty()) {
    kLog.info("admin {}: answers again", options_.admin.text());
  } else {
    kLog.warning("admin {}: {}", options_.admin.text(), trouble);
  }
  trouble_ = std::move(trouble);
}

}  // namespace doris::resp
