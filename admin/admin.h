// Admin: the wiring of doris-admin. It joins the durable topology, the rules that change it,
// what is known of the data servers, and the sessions of those who ask.
//
//   DORIS.REGISTER --> register_server (membership.h) --.
//   Supervisor: facts --> follow_facts (failover.h) -----+--> TopologyStore: on the disk
//   DORIS.NODE --> node_operations.h -------------------'            |
//                                                                    |
//              long polls (DORIS.WATCH) <--- the new epoch ----------+---> servers: DORIS.ADOPT
//
// One thread: the loop's.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "admin/admin_session.h"
#include "admin/operator_views.h"
#include "admin/refusal_list.h"
#include "admin/settings.h"
#include "admin/supervisor.h"
#include "admin/topology_store.h"
#include "admin/watcher_list.h"
#include "base/clock.h"
#include "base/net/loop.h"
#include "base/random.h"

namespace doris::admin {

class Admin final : private net::PassTask {
 public:
  // References outlive this. Nothing runs before start().
  Admin(net::Loop& loop, const Clock& clock, Random& random, const Settings& settings);
  ~Admin() override;

  // Opens the store, watches the nodes it knows, and listens. Errors as
  // TopologyStore::open(), and kExists: the port is in use.
  Status start();

  [[nodiscard]] uint16_t port() const { return listener_->port(); }  // REQUIRES: started.

  // --- For the commands of sessions ---

  [[nodiscard]] net::Loop& loop() { return loop_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] TopologyStore& store() { return *store_; }
  [[nodiscard]] Scene scene();
  [[nodiscard]] size_t sessions() const { return sessions_.size(); }
  [[nodiscard]] Millis uptime() const { return Millis{clock_.wall_ms() - started_ms_}; }

  // Lets a server in, or back in. kInvalid says why not; other errors are the disk's.
  // `peer` is whom the journal names.
  Status admit(const Registration& registration, const std::string& peer);

  // `observer` says that `node` does not answer it.
  void note_report(const std::string& observer, const topology::Node& node) {
    supervisor_.note_report(observer, node);
  }

  // What an operator has asked for, if `change` is not a refusal. `who` is for the journal.
  Status carry_out(Result<Change> change, const std::string& who);

  // Has every data server compare its vnodes with their other copies. Ends what was asked before.
  void verify(bool repairs);
  void stop_verifying() { supervisor_.want({}); }

  // What is known of a node. REQUIRES: it is one of store().topology().
  [[nodiscard]] NodeFacts facts(const topology::Node& node) { return supervisor_.facts(node); }

  // Why this admin changes nothing any more; empty if all is well. A data server that has seen a
  // later epoch than there is here shows that admin-dir is an old copy: epochs that were made from
  // that would, once there were enough of them, take the cluster back to the past.
  [[nodiscard]] const std::string& outdated() const { return outdated_; }

  // `who` watches the topology from now on, for `wait`.
  void note_watcher(const std::string& who, topology::Epoch epoch, Millis wait);

  // `session` hears of the next epoch, by AdminSession::end_watch(). forget_watch() may be
  // called for one that does not wait.
  void remember_watch(AdminSession& session) { watching_.insert(session.id()); }
  void forget_watch(AdminSession& session) { watching_.erase(session.id()); }

  // Destroys the session, at the end of the loop's pass: it may be running a command.
  void on_session_ended(AdminSession& session);

 private:
  void on_pass_end() override { ended_.clear(); }
  void on_accept(std::unique_ptr<net::Accepted> accepted);
  [[nodiscard]] FactsOf facts_of() {
    return [this](const topology::Node& node) { return supervisor_.facts(node); };
  }
  Status check_restart(const topology::Node& node);
  Status let_in(const Registration& registration, const std::string& peer);
  void note_refusal(const Registration& registration, const std::string& peer,
                    const std::string& reason);
  Status follow_disk(topology::NodeId id, uint64_t incarnation, uint64_t mark, bool has_data);
  Status follow_restart(const Registration& registration);
  void note_disk_marks();
  void keep_disk_marks();
  void look_for_later_epochs();
  void reconsider();
  void replace_the_lost();
  Result<Change> replacement_of(const topology::Node& lost);
  [[nodiscard]] bool is_lost(const topology::Node& node);
  Status adopt(Change change, const std::string& who);
  void announce();

  net::Loop& loop_;
  const Clock& clock_;
  const Settings& settings_;
  const int64_t started_ms_;

  std::unique_ptr<TopologyStore> store_;  // From start() on.
  Random& random_;
  Supervisor supervisor_;
  const std::unique_ptr<net::Timer> lost_check_;
  const std::unique_ptr<net::Timer> marks_keeper_;
  DiskMarks disk_marks_;  // From start() on.
  WatcherList watchers_;
  std::string outdated_;
  RefusalList refusals_;
  std::string store_trouble_;    // Why the last change could not be kept; empty: it was.
  std::string last_unreplaced_;  // Why those that are lost have no successor, to log it once.

  // By id, so that who is told first does not hang on where memory lies.
  std::map<uint64_t, std::unique_ptr<AdminSession>> sessions_;
  std::vector<std::unique_ptr<AdminSession>> ended_;  // Until the end of the pass.
  std::set<uint64_t> watching_;                       // Those of sessions_ in a long poll.
  uint64_t next_session_id_ = 1;
  std::unique_ptr<net::Listener> listener_;  // Goes first: it brings sessions.
};

}  // namespace doris::admin
