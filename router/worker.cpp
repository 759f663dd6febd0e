#include "router/worker.h"

#include "base/log.h"

namespace doris::router {
namespace {

const Log kLog("worker");

constexpr Millis kTick{200};

}  // namespace

Worker::Worker(net::Loop& loop, const Clock& clock, const Settings& settings, Control& control,
               WorkerStats& stats, uint32_t index, uint64_t seed)
    : loop_(loop),
      clock_(clock),
      settings_(settings),
      control_(control),
      stats_(stats),
      index_(index),
      random_(seed),
      ticker_(loop.timer([this] { publish_queues(); })) {
  ticker_->start(kTick, kTick);
}

Worker::~Worker() {
  loop_.cancel(*this);
  // Sessions first: they give their requests back to the dispatcher.
  sessions_.clear();
  ended_.clear();
}

void Worker::accept(std::unique_ptr<net::Accepted> accepted) {
  Result<std::unique_ptr<net::Stream>> stream = loop_.adopt(std::move(accepted));
  if (!stream.ok()) {
    kLog.warning("a client was lost on its way in: {}", stream.status().message());
    control_.on_client_ended();
    return;
  }
  const uint64_t id = next_client_++ * settings_.threads + index_;
  SessionHost& host = *this;
  auto session = std::make_unique<ClientSession>(std::move(*stream), host, id);
  ClientSession& started = *session;
  sessions_.emplace(id, std::move(session));
  started.start();
}

void Worker::on_session_ended(ClientSession& session) {
  auto found = sessions_.find(session.id());
  if (found == sessions_.end()) return;
  ended_.push_back(std::move(found->second));
  sessions_.erase(found);
  control_.on_client_ended();
  loop_.schedule(*this);
}

void Worker::on_pass_end() {
  ended_.clear();
}

void Worker::adopt(const std::string& cluster, uint32_t writer, topology::RoutingTablePtr table) {
  if (dispatcher_ == nullptr) {
    Dispatcher::Options options{settings_.backend, settings_.read_policy};
    options.backend.cluster = cluster;
    options.backend.writer = writer;
    dispatcher_ = std::make_unique<Dispatcher>(
        loop_, clock_, random_, std::move(options),
        Dispatcher::Callbacks{[this](topology::Epoch epoch) { control_.want_epoch(epoch); },
                              [this](const std::string& node, const std::string& why) {
                                control_.report(node, why);
                              }});
  }
  dispatcher_->adopt(std::move(table));
}

std::string Worker::describe_clients(const ClientFilter& which) const {
  std::string lines;
  for (const auto& [id, session] : sessions_) {
    if (which.takes(*session)) lines += session->describe() + "\n";
  }
  return lines;
}

int64_t Worker::kill_clients(const ClientFilter& which) {
  std::vector<ClientSession*> killed;  // Each leaves sessions_ when it is closed.
  for (const auto& [id, session] : sessions_) {
    if (which.takes(*session)) killed.push_back(session.get());
  }
  for (ClientSession* const session : killed) {
    kLog.info("client {} ({}): closed by CLIENT KILL", session->id(), session->peer());
    session->close();
  }
  return static_cast<int64_t>(killed.size());
}

Control::ValueCallback Worker::answer_to(const ClientSession& session, Request* request) {
  return [this, id = session.id(), request](const resp::Value& value) {
    loop_.post([this, id, request, value] {
      const auto found = sessions_.find(id);
      if (found != sessions_.end()) found->second->answer_later(request, value);
    });
  };
}

void Worker::forward(ClientSession& session, Request* request, std::vector<std::string> args) {
  control_.forward(std::move(args), request->protocol, answer_to(session, request));
}

void Worker::list_clients(ClientSession& session, Request* request, ClientFilter which) {
  control_.list_clients(std::move(which), answer_to(session, request));
}

void Worker::kill_clients(ClientSession& session, Request* request, KillOrder order,
                          bool kills_itself) {
  ClientFilter others = order.which;
  others.except = session.id();
  control_.kill_clients(std::move(others), [order = std::move(order), itself = kills_itself ? 1 : 0,
                                            answer = answer_to(session, request)](int64_t killed) {
    answer(order.reply(killed + itself));
  });
}

void Worker::publish_queues() {
  if (dispatcher_ == nullptr) return;
  stats_.backend_queued.set(static_cast<int64_t>(dispatcher_->queued()));
  stats_.backend_bytes.set(static_cast<int64_t>(dispatcher_->queued_bytes()));
}

}  // namespace doris::router
