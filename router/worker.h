// Worker: one thread of the router, sharing nothing with the others: its loop, its
// clients, its connections to the data servers, its hybrid clock.
//
// Every member function runs on the worker's loop, except where it says "any thread".
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/net/loop.h"
#include "router/client_session.h"
#include "router/dispatcher.h"
#include "router/settings.h"
#include "router/stats.h"

namespace doris::router {

// What a worker needs of the router's control thread. Any thread may call; `done` runs on
// the control thread.
class Control {
 public:
  using ValueCallback = std::function<void(resp::Value)>;
  virtual ~Control() = default;

  // Has the admin run a command; `done` gets a reply fit for `protocol`.
  virtual void forward(std::vector<std::string> args, resp::Protocol protocol,
                       ValueCallback done) = 0;
  // CLIENT LIST and CLIENT KILL over all workers; `done` gets how many were closed.
  virtual void list_clients(ClientFilter which, ValueCallback done) = 0;
  virtual void kill_clients(ClientFilter which, std::function<void(int64_t)> done) = 0;
  // A data server knows `epoch`.
  virtual void want_epoch(topology::Epoch epoch) = 0;
  // Data server `node` does not answer.
  virtual void report(const std::string& node, const std::string& why) = 0;
  // INFO's text for `sections` (lower-case; none: the default ones).
  [[nodiscard]] virtual std::string info(const std::vector<std::string>& sections) = 0;
  // A client has left.
  virtual void on_client_ended() = 0;
};

class Worker final : private SessionHost, private net::PassTask {
 public:
  // References outlive this. `index` is unique among the router's workers.
  Worker(net::Loop& loop, const Clock& clock, const Settings& settings, Control& control,
         WorkerStats& stats, uint32_t index, uint64_t seed);
  ~Worker() override;

  void accept(std::unique_ptr<net::Accepted> accepted);

  // `writer` is this worker's own writer id. The first call makes the dispatcher; later
  // calls only bring newer tables.
  void adopt(const std::string& cluster, uint32_t writer, topology::RoutingTablePtr table);

  // CLIENT LIST's lines, and CLIENT KILL: how many were closed.
  [[nodiscard]] std::string describe_clients(const ClientFilter& which) const;
  int64_t kill_clients(const ClientFilter& which);

 private:
  net::Loop& loop() override { return loop_; }
  const Clock& clock() override { return clock_; }
  Dispatcher* dispatcher() override { return dispatcher_.get(); }
  RequestPool& local_requests() override { return local_requests_; }
  topology::KeyHasher& hasher() override { return hasher_; }
  const Settings& settings() override { return settings_; }
  WorkerStats& stats() override { return stats_; }
  void forward(ClientSession& session, Request* request, std::vector<std::string> args) override;
  void list_clients(ClientSession& session, Request* request, ClientFilter which) override;
  void kill_clients(ClientSession& session, Request* request, KillOrder order,
                    bool kills_itself) override;
  std::string info(const std::vector<std::string>& sections) override {
    return control_.info(sections);
  }
  void on_session_ended(ClientSession& session) override;
  void on_pass_end() override;

  // A callback that carries the control thread's answer back to this loop and into its
  // place in the session, if that still lives.
  Control::ValueCallback answer_to(const ClientSession& session, Request* request);
  void publish_queues();

  net::Loop& loop_;
  const Clock& clock_;
  const Settings& settings_;
  Control& control_;
  WorkerStats& stats_;
  const uint32_t index_;
  Random random_;
  topology::KeyHasher hasher_;
  RequestPool local_requests_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<net::Timer> ticker_;
  uint64_t next_client_ = 1;
  std::unordered_map<uint64_t, std::unique_ptr<ClientSession>> sessions_;
  std::vector<std::unique_ptr<ClientSession>> ended_;  // Destroyed at the end of the pass.
};

}  // namespace doris::router
