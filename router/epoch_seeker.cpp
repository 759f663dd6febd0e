#include "router/epoch_seeker.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/log.h"

namespace doris::router {
namespace {

const Log kLog("router");

constexpr Millis kAdminFirst{100};  // The admin tells within milliseconds.
constexpr Millis kTimeout{200};     // For one server.
constexpr size_t kServersMax = 3;   // Asked in one search: nearly all have it, or none.

bool may_know(const topology::Node& node) {
  return node.state != topology::NodeState::kDead && node.state != topology::NodeState::kTempFailed;
}

}  // namespace

EpochSeeker::EpochSeeker(net::Loop& loop, Random& random, Callbacks callbacks)
    : loop_(loop),
      random_(random),
      callbacks_(std::move(callbacks)),
      next_(loop.timer([this] { ask_next(); })) {}

void EpochSeeker::want(topology::Epoch epoch, const std::vector<topology::Node>& servers) {
  if (epoch <= callbacks_.held() || wanted_ != 0) return;
  wanted_ = epoch;
  not_yet_.clear();
  for (const topology::Node& node : servers)
    if (may_know(node)) not_yet_.push_back({node.host, node.port});
  // So that not all routers ask the same ones.
  for (size_t i = not_yet_.size(); i > 1; --i)
    std::swap(not_yet_[i - 1], not_yet_[random_.below(i)]);
  not_yet_.resize(std::min(not_yet_.size(), kServersMax));
  next_->start(kAdminFirst);
}

void EpochSeeker::ask_next() {
  if (callbacks_.held() >= wanted_ || not_yet_.empty()) {
    wanted_ = 0;
    client_.reset();
    return;
  }
  const net::Address server = not_yet_.back();
  not_yet_.pop_back();
  client_ = std::make_unique<resp::Client>(
      loop_, random_, resp::Client::Options{.address = server, .connect_timeout = kTimeout});
  client_->call({"DORIS.PULL", std::to_string(callbacks_.held())}, kTimeout,
                [this, server](const Result<resp::Value>& reply) {
                  if (reply.ok() && reply->is(resp::Value::Kind::kBulk)) {
                    kLog.info("the data server at {} brings what the admin does not",
                              server.text());
                    callbacks_.on_topology(reply->text);
                  }
                  next_->start(Millis{0});
                });
}

}  // namespace doris::router
