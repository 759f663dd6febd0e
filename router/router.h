// Router: the wiring of doris-router. Owns the control thread's side: the listener, the
// link to the admin, the workers.
//
//   control thread                              worker threads
//   accept ----------- round robin ------------> Worker::accept
//     (clients that come before the first topology wait for it, for request-timeout at most)
//   TopologyFeed <-> admin --- new table ------> Worker::adopt
//   forward DORIS.* <-> admin <-- DORIS.* ------ ClientSession
//
// Every member function runs on the control thread, except where Control says otherwise.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/net/loop_host.h"
#include "base/net/postbox.h"
#include "resp/topology_feed.h"
#include "router/epoch_seeker.h"
#include "router/file_budget.h"
#include "router/worker.h"

namespace doris::router {

class Router final : private Control {
 public:
  // References outlive this. Nothing runs before start(). The workers live on threads that
  // `start_thread` makes.
  Router(net::Loop& control_loop, const Clock& clock, Random& random, const Settings& settings,
         net::StartThread start_thread);
  ~Router() override;

  // Listens and starts the workers. kExists: the port is in use.
  Status start();

  // The real one, when the settings ask for 0. REQUIRES: start() was ok.
  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  struct WorkerThread;

  // Control.
  void forward(std::vector<std::string> args, resp::Protocol protocol, ValueCallback done) override;
  void list_clients(ClientFilter which, ValueCallback done) override;
  void kill_clients(ClientFilter which, std::function<void(int64_t)> done) override;
  void want_epoch(topology::Epoch epoch) override;
  void report(const std::string& node, const std::string& why) override;
  std::string info(const std::vector<std::string>& sections) override;
  void on_client_ended() override { clients_.fetch_sub(1, std::memory_order_relaxed); }

  // Has every worker `ask`, on its thread, then `done` with the sum of the answers, on this one.
  template <class Answer>
  void ask_workers(std::function<Answer(Worker&)> ask, std::function<void(Answer)> done);

  [[nodiscard]] resp::Value own_rules() const;
  void start_workers();
  void start_feed();
  Status on_registered(const resp::Value& reply);
  Status on_topology(const std::string& text);
  void take_from_peer(const std::string& text);
  void on_accept(std::unique_ptr<net::Accepted> accepted);
  void hand_over(std::unique_ptr<net::Accepted> accepted);
  void stop_waiting();
  void refuse(std::unique_ptr<net::Accepted> accepted);

  net::Loop& loop_;
  net::Postbox postbox_{loop_};
  const Clock& clock_;
  Random& random_;
  const Settings& settings_;
  FileBudget file_budget_;
  const net::StartThread start_thread_;
  const int64_t started_ms_;

  // Constant once start() has returned; a worker's own state is its thread's.
  std::vector<std::unique_ptr<WorkerThread>> workers_;
  std::unique_ptr<net::Listener> listener_;
  uint16_t port_ = 0;
  std::unique_ptr<resp::TopologyFeed> feed_;
  EpochSeeker seeker_;
  std::unique_ptr<resp::Client> operator_calls_;  // RESP3: forwarded DORIS.* commands.

  std::string cluster_;
  uint32_t router_number_ = 0;
  topology::RoutingTablePtr table_;
  topology::Epoch epoch_ = 0;
  size_t next_worker_ = 0;
  // Clients that came before the first topology. A router that has just started learns it
  // within milliseconds: clients that are back sooner are not to hear of that.
  std::vector<std::unique_ptr<net::Accepted>> early_clients_;
  std::unique_ptr<net::Timer> early_timer_;       // nullptr once nobody waits any more.
  std::map<std::string, TimePoint> reported_at_;  // By data server.

  // Read by INFO on any thread.
  std::atomic<topology::Epoch> shown_epoch_{0};
  std::atomic<uint64_t> clients_{0};
  std::atomic<uint64_t> clients_max_;
  std::atomic<uint64_t> rejected_{0};
};

}  // namespace doris::router
