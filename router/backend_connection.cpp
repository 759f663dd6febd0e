// How a backend comes to its connection, and to an epoch that it speaks for.
#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "base/net/refused.h"
#include "base/topology/topology_codec.h"
#include "resp/writer.h"
#include "router/backend.h"

namespace doris::router {
namespace {

const Log kLog("backend");

}  // namespace

void Backend::connect() {
  state_ = State::kConnecting;
  connecting_ = loop_.connect(address_, options_.connect_timeout,
                              [this](Result<std::unique_ptr<net::Stream>> result) {
                                if (!result.ok()) {
                                  note_attempt(result.status().message());
                                  lose_connection(result.status().message());
                                  return;
                                }
                                connecting_.reset();
                                stream_ = std::move(*result);
                                stream_->start(*this);
                                link();
                              });
}

// A refusal says that no process is there. Anything else, that one may be.
void Backend::note_attempt(const std::string& failure) {
  const bool refused = net::was_refused(failure);
  if (refused && was_refused_) return;
  gone_by_ = loop_.now();
  was_refused_ = refused;
}

void Backend::link() {
  state_ = State::kLinking;
  const topology::RoutingTable& table = host_.table();
  linked_epoch_ = table.epoch();
  link_sent_at_ = loop_.now();
  if (adopt_first_) {
    adopt_first_ = false;
    ++adopts_unanswered_;
    resp::write_request(stream_->output(), {"DORIS.ADOPT", topology::encode(table.topology())});
  }
  resp::write_request(stream_->output(),
                      {"DORIS.LINK", options_.cluster, fmt::to_string(linked_epoch_),
                       fmt::to_string(options_.writer)});
  stream_->flush_soon();
}

void Backend::on_link_reply(const resp::Reply& reply) {
  if (adopts_unanswered_ > 0) {
    --adopts_unanswered_;  // Whether it was taken shows in the LINK's own answer.
    return;
  }
  if (wants_resync(reply)) {
    drain(resync_pause_);
    return;
  }
  const auto& items = reply.tree.items;
  if (reply.kind != resp::Value::Kind::kArray || items.size() != 3) {
    lose_connection(fmt::format("refused DORIS.LINK: {}", reply.text));
    return;
  }
  host_.merge_clock(static_cast<uint64_t>(items[1].integer));
  host_.on_linked(*this, static_cast<uint64_t>(items[2].integer));
  if (linked_epoch_ != host_.table().epoch()) {
    link();
    return;
  }
  if (!trouble_.empty()) kLog.info("{}: connected, epoch {}", name_, linked_epoch_);
  trouble_.clear();
  backoff_.reset();
  failures_ = 0;
  state_ = State::kReady;
  loop_.schedule(*this);
  send_waiting();
}

void Backend::lose_connection(const std::string& why) {
  if (why != trouble_) kLog.warning("{}: {}; {} requests wait", name_, why, queued());
  trouble_ = why;
  close();
  retry_->start(backoff_.next());
  if (++failures_ >= options_.attempts) host_.report(*this, why);
  // Whoever may be served elsewhere is: the host decides, and gives back the rest.
  send_waiting();
}

void Backend::close() {
  if (stream_ != nullptr) was_refused_ = false;
  state_ = State::kDown;
  retry_->stop();
  connecting_.reset();
  stream_.reset();
  input_ = Buffer();
  parser_.reset();
  adopts_unanswered_ = 0;
}

void Backend::drain(Millis pause) {
  state_ = State::kDraining;
  resync_pause_ = pause;
  resync_if_drained();
}

void Backend::resync_if_drained() {
  if (!in_flight_.empty()) return;
  take_back();
  if (resync_pause_.count() > 0) {
    retry_->start(resync_pause_);
  } else {
    link();
  }
}

}  // namespace doris::router
