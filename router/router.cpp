#include "router/router.h"

#include <fmt/format.h>

#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "base/topology/topology_codec.h"
#include "resp/render.h"
#include "resp/words.h"
#include "router/info.h"

namespace doris::router {
namespace {

const Log kLog("router");

constexpr Millis kForwardTimeout{5000};
constexpr Millis kReportTimeout{1000};
constexpr Millis kReportPause{50};
constexpr uint32_t kThreadBits = 8;  // Of a writer id: router number << 8 | worker.

}  // namespace

// A worker and the thread that it lives on. The worker is made and destroyed there.
struct Router::WorkerThread {
  explicit WorkerThread(std::unique_ptr<net::LoopHost> host) : thread(std::move(host)) {}
  const std::unique_ptr<net::LoopHost> thread;
  WorkerStats stats;  // Outlives all workers: while one goes, another may ask for INFO.
  std::unique_ptr<Worker> worker;
};

Router::Router(net::Loop& control_loop, const Clock& clock, Random& random,
               const Settings& settings, net::StartThread start_thread)
    : loop_(control_loop),
      clock_(clock),
      random_(random),
      settings_(settings),
      file_budget_(settings.clients_max, settings.threads),
      start_thread_(std::move(start_thread)),
      started_ms_(clock.wall_ms()),
      seeker_(
          control_loop, random,
          {[this] { return epoch_; }, [this](const std::string& text) { take_from_peer(text); }}),
      clients_max_(settings.clients_max) {}

Router::~Router() {
  listener_.reset();
  feed_.reset();
  for (auto& worker : workers_) {
    worker->thread->run_and_wait([&] { worker->worker.reset(); });
  }
}

Status Router::start() {
  DORIS_RETURN_IF_ERROR(file_budget_.make_room());
  Result<std::unique_ptr<net::Listener>> listener =
      loop_.listen(settings_.listen, [this](auto accepted) { on_accept(std::move(accepted)); });
  if (!listener.ok()) return listener.status();
  listener_ = std::move(*listener);
  port_ = listener_->port();
  start_workers();
  early_timer_ = loop_.timer([this] { stop_waiting(); });
  early_timer_->start(settings_.backend.request_timeout);
  start_feed();
  kLog.info("listening on {}:{}, {} threads, admin {}", settings_.listen.host, port_,
            settings_.threads, settings_.admin.text());
  return Status::okay();
}

void Router::start_workers() {
  for (uint32_t i = 0; i < settings_.threads; ++i) {
    auto& slot = *workers_.emplace_back(
        std::make_unique<WorkerThread>(start_thread_(fmt::format("worker-{}", i))));
    const uint64_t seed = random_.next();
    Control& control = *this;
    slot.thread->run_and_wait([&] {
      slot.worker = std::make_unique<Worker>(slot.thread->loop(), clock_, settings_, control,
                                             slot.stats, i, seed);
    });
  }
}

// ---- Clients -------------------------------------------------------------------------

void Router::on_accept(std::unique_ptr<net::Accepted> accepted) {
  if (clients_.load(std::memory_order_relaxed) >= clients_max_.load(std::memory_order_relaxed)) {
    refuse(std::move(accepted));
    return;
  }
  clients_.fetch_add(1, std::memory_order_relaxed);
  if (early_timer_ != nullptr) {
    early_clients_.push_back(std::move(accepted));
  } else {
    hand_over(std::move(accepted));
  }
}

// Round robin, so that the workers' shares of the clients differ by one at most.
void Router::hand_over(std::unique_ptr<net::Accepted> accepted) {
  WorkerThread& chosen = *workers_[next_worker_];
  next_worker_ = (next_worker_ + 1) % workers_.size();
  // std::function wants a copyable callable, so the connection travels in a shared box.
  auto box = std::make_shared<std::unique_ptr<net::Accepted>>(std::move(accepted));
  chosen.thread->loop().post(
      [worker = chosen.worker.get(), box] { worker->accept(std::move(*box)); });
}

// There is a topology, which the workers get first; or there is none for so long that clients
// had better be told.
void Router::stop_waiting() {
  early_timer_.reset();
  for (auto& accepted : std::exchange(early_clients_, {}))
    hand_over(std::move(accepted));
}

void Router::refuse(std::unique_ptr<net::Accepted> accepted) {
  rejected_.fetch_add(1, std::memory_order_relaxed);
  Result<std::unique_ptr<net::Stream>> stream = loop_.adopt(std::move(accepted));
  if (!stream.ok()) return;
  resp::refuse_connection(std::move(*stream));
}

template <class Answer>
void Router::ask_workers(std::function<Answer(Worker&)> ask, std::function<void(Answer)> done) {
  struct Gathered {
    size_t missing;
    Answer sum;
    std::function<void(Answer)> done;
  };
  auto gathered = std::make_shared<Gathered>(Gathered{workers_.size(), {}, std::move(done)});
  for (const auto& slot : workers_) {
    slot->thread->loop().post([this, gathered, ask, worker = slot->worker.get()] {
      postbox_.post([gathered, answer = ask(*worker)] {
        gathered->sum += answer;
        if (--gathered->missing == 0) gathered->done(std::move(gathered->sum));
      });
    });
  }
}

void Router::list_clients(ClientFilter which, ValueCallback done) {
  ask_workers<std::string>(
      [which = std::move(which)](Worker& worker) { return worker.describe_clients(which); },
      [done = std::move(done)](std::string lines) {
        resp::Value text = resp::Value::bulk(std::move(lines));
        text.kind = resp::Value::Kind::kVerbatim;
        done(std::move(text));
      });
}

void Router::kill_clients(ClientFilter which, std::function<void(int64_t)> done) {
  ask_workers<int64_t>(
      [which = std::move(which)](Worker& worker) { return worker.kill_clients(which); },
      std::move(done));
}

// ---- The admin -----------------------------------------------------------------------

void Router::start_feed() {
  const std::string self = net::Address{settings_.listen.host, port_}.text();
  feed_ = std::make_unique<resp::TopologyFeed>(
      loop_, random_,
      resp::TopologyFeed::Options{settings_.admin, settings_.topology_pull_interval, self},
      resp::TopologyFeed::Callbacks{
          [self] {
            return std::vector<std::string>{"DORIS.REGISTER", "router", self};
          },
          [this](const resp::Value& reply) { return on_registered(reply); },
          [this](const std::string& text) { return on_topology(text); },
          [this] { return epoch_; }});
  operator_calls_ = std::make_unique<resp::Client>(
      loop_, random_,
      resp::Client::Options{.address = settings_.admin, .protocol = resp::Protocol::kResp3});
}

Status Router::on_registered(const resp::Value& reply) {
  if (reply.items.size() != 3) return Status::invalid("the admin's registration reply is odd");
  cluster_ = reply.items[0].text;
  router_number_ = static_cast<uint32_t>(reply.items[1].integer);
  kLog.info("registered as router {} of cluster {}", router_number_, cluster_);
  return on_topology(reply.items[2].text);
}

Status Router::on_topology(const std::string& text) {
  Result<topology::Topology> topology = topology::decode(text);
  if (!topology.ok()) return topology.status().prefixed("topology");
  if (topology->cluster != cluster_) {
    return Status::invalid(
        fmt::format("it is of cluster {}, not {}; restart this router if that is intended",
                    topology->cluster, cluster_));
  }
  if (topology->epoch <= epoch_) return Status::okay();
  epoch_ = topology->epoch;
  shown_epoch_.store(epoch_, std::memory_order_relaxed);
  if (!topology->formed()) {
    kLog.info("epoch {}: the cluster is forming", epoch_);
    return Status::okay();
  }
  kLog.info("epoch {}: {} nodes, {} vnodes", epoch_, topology->nodes.size(), topology->vnodes);
  table_ = std::make_shared<const topology::RoutingTable>(std::move(*topology));
  file_budget_.adopt(*table_);
  clients_max_.store(file_budget_.clients(), std::memory_order_relaxed);
  for (uint32_t i = 0; i < workers_.size(); ++i) {
    WorkerThread& slot = *workers_[i];
    slot.thread->loop().post(
        [worker = slot.worker.get(), cluster = cluster_, table = table_,
         writer = router_number_ << kThreadBits | i] { worker->adopt(cluster, writer, table); });
  }
  if (early_timer_ != nullptr) stop_waiting();
  return Status::okay();
}

void Router::want_epoch(topology::Epoch epoch) {
  postbox_.post([this, epoch] {
    if (feed_ == nullptr || table_ == nullptr) return;
    feed_->pull_now(epoch);
    seeker_.want(epoch, table_->topology().nodes);
  });
}

void Router::take_from_peer(const std::string& text) {
  const Status taken = on_topology(text);
  if (!taken.ok()) kLog.warning("a data server's topology is not taken: {}", taken.message());
}

// What several workers say within a moment is said once. The answer says nothing of use: what
// the admin makes of it comes as a topology, from it or from others.
void Router::report(const std::string& node, const std::string& why) {
  postbox_.post([this, node, why] {
    if (feed_ == nullptr || table_ == nullptr) return;
    const TimePoint now = loop_.now();
    TimePoint& last = reported_at_[node];
    if (last != TimePoint{} && now - last < kReportPause) return;
    last = now;
    const std::string self = net::Address{settings_.listen.host, port_}.text();
    feed_->client().call({"DORIS.REPORT", self, node, cluster_, fmt::to_string(epoch_), why},
                         kReportTimeout, [](const Result<resp::Value>&) {});
    seeker_.want(epoch_ + 1, table_->topology().nodes);
  });
}

// What it does about a server that does not answer, for DORIS.STATUS: the rest is the admin's.
resp::Value Router::own_rules() const {
  const BackendOptions& rules = settings_.backend;
  const auto duration = [](Millis time) {
    return resp::Value::bulk(fmt::format("{} ms", time.count()));
  };
  return resp::Value::map({resp::Value::bulk("backend-attempts"), resp::Value::of(rules.attempts),
                           resp::Value::bulk("backend-suspect-after"),
                           duration(rules.suspect_after), resp::Value::bulk("request-timeout"),
                           duration(rules.request_timeout)});
}

void Router::forward(std::vector<std::string> args, resp::Protocol protocol, ValueCallback done) {
  postbox_.post([this, args = std::move(args), protocol, done = std::move(done)]() mutable {
    const bool is_status = resp::equals_ignoring_case(args[0], "doris.status");
    operator_calls_->call(
        std::move(args), kForwardTimeout,
        [this, is_status, protocol, done = std::move(done)](Result<resp::Value> reply) {
          if (is_status && reply.ok() && reply->is(resp::Value::Kind::kMap)) {
            reply->items.push_back(resp::Value::bulk("this router"));
            reply->items.push_back(own_rules());
          }
          if (!reply.ok()) {
            done(resp::Value::error(fmt::format(
                "ERR the admin at {} does not answer ({}); DORIS.* commands need it, reads and "
                "writes do not",
                settings_.admin.text(), reply.status().message())));
          } else {
            done(protocol == resp::Protocol::kResp3 ? std::move(*reply) : resp::render(*reply));
          }
        });
  });
}

// ---- INFO ----------------------------------------------------------------------------

std::string Router::info(const std::vector<std::string>& sections) {
  InfoFacts facts;
  facts.uptime_s = (clock_.wall_ms() - started_ms_) / 1000;
  facts.port = port_;
  facts.threads = settings_.threads;
  facts.clients_max = clients_max_.load(std::memory_order_relaxed);
  facts.rejected = static_cast<int64_t>(rejected_.load(std::memory_order_relaxed));
  facts.epoch = shown_epoch_.load(std::memory_order_relaxed);
  facts.admin = settings_.admin.text();
  for (const auto& slot : workers_)
    facts.add(slot->stats);
  return info_text(facts, sections);
}

}  // namespace doris::router
