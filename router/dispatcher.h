// Dispatcher: sends a worker's requests to the right data servers and gathers the answers.
//
// It owns the worker's backends and its hybrid clock, and knows the rules of the write
// path (ARCHITECTURE.md, "One SET's journey"):
//
//   * A read costs one server: the primary replica's, or with read-policy `any` the other
//     one's while the primary's connection is not ready.
//   * A blind write goes to both copies at once with one version, as soon as its primary can be
//     reached. The second copy is the other replica or, while that one's owner has failed, an
//     update log. When the primary answers with a raised version, the second copy is sent that
//     one; the request is done when both hold the same.
//   * An update is evaluated by the primary, and its effect goes to the second copy then; first
//     it waits until nobody will propose anew what it rests on (VBASE).
//   * Who wrote says when both copies have it (VSETTLE). A read that finds a write of which its
//     server does not know that asks again until it does (VWAIT): what was shown once cannot be
//     lost with one server.
//   * A server whose process has started after a write was first proposed is not asked to do it
//     again: it may have done so, and has forgotten. Who could have remembered has died with it.
//   * What would find, or be found by, what comes behind it, is answered before that is begun
//     (key_order.h).
//   * What was not answered is sent again, to where it belongs by then (write_path.h), in the
//     order in which it came: a new table has all at once find its place that has lost it. What
//     belongs nowhere, since nobody serves its vnode, is parked until a newer topology comes.
//     A request that finds no answer before its deadline gets an error that says what is known.
//
// Worker thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "router/backend.h"
#include "router/dialect.h"
#include "router/entry_list.h"
#include "router/hybrid_clock.h"
#include "router/key_order.h"
#include "router/request.h"

namespace doris::router {

enum class ReadPolicy : uint8_t { kPrimary, kAny };

class Dispatcher final : private BackendHost {
 public:
  struct Options {
    BackendOptions backend;
    ReadPolicy read_policy = ReadPolicy::kPrimary;
  };

  struct Callbacks {
    // A server knows this epoch, and the table here is older.
    std::function<void(topology::Epoch)> want_epoch;
    // A data server does not answer: the admin should hear of it.
    std::function<void(const std::string& node, const std::string& why)> report;
  };

  Dispatcher(net::Loop& loop, const Clock& clock, Random& random, Options options,
             Callbacks callbacks);
  ~Dispatcher() override;

  // Goes over to `table`; an older epoch than the one held is ignored. Requests in flight
  // are finished or sent again, unseen by their owners.
  void adopt(topology::RoutingTablePtr table);

  // nullptr until the first adopt().
  [[nodiscard]] const topology::RoutingTablePtr& routing_table() const { return table_; }

  // A fresh request. It goes back by release(), submitted or not.
  Request* take() { return pool_.take(); }

  // Sends the request's parts. False when nothing was sent: a queue is full, or nobody takes the
  // second copy. Then it is done, and `error` is set. Otherwise the owner hears of it later.
  // REQUIRES: routing_table(), an owner, and at least one part.
  bool submit(Request* request);

  // The owner needs the request no more; also before it is done (the client has gone).
  void release(Request* request);

  // A shard's live keys are counted in one group; which one is best asked now.
  [[nodiscard]] topology::Group countable_group() const;

  // Entries queued or in flight to all data servers, or that wait elsewhere, and their bytes.
  [[nodiscard]] size_t queued() const;
  [[nodiscard]] uint64_t queued_bytes() const;

 private:
  [[nodiscard]] const topology::RoutingTable& table() const override { return *table_; }
  void on_reply(Backend& backend, const Entry& entry, const resp::Reply& reply) override;
  Refusal judge_refusal(const Entry& entry) override;
  void encode(const Entry& entry, Buffer& out) override;
  void reroute(const Entry& entry) override;
  void drop(const Entry& entry) override { give_up(entry); }
  [[nodiscard]] bool belongs(const Backend& backend, const Entry& entry) override {
    return find_backend(entry) == &backend;
  }
  void want_epoch(topology::Epoch epoch) override { callbacks_.want_epoch(epoch); }
  void report(const Backend& backend, const std::string& why) override;
  void merge_clock(uint64_t hlc) override { clock_.merge(hlc); }
  void on_linked(const Backend& backend, uint64_t incarnation) override;

  std::vector<std::unique_ptr<Backend>> take_unwanted_backends();
  void update_backends();
  Backend* find_backend(const Entry& entry);
  Backend* backend_at(const topology::Replica& where);
  Backend* backend(topology::Vnode vnode, topology::Group group);
  Copy copy_to_read(topology::Vnode vnode);
  [[nodiscard]] bool may_start(Request& request);
  [[nodiscard]] bool may_wait(Request& request, const Part& part) const;
  [[nodiscard]] bool may_send(Request& request, const Entry& entry);
  [[nodiscard]] std::string overloaded_by_effects() const;
  void start_entry(Request* request, uint32_t part, Copy copy);
  void place(const Entry& entry);
  void reroute_all(const std::vector<Entry>& entries);
  void read_anew(Entry entry, Part& part);
  void fail_late(const Entry& entry);
  void encode_question(const Part& part, std::string_view key, Buffer& out);

  // What becomes of answers (dispatcher_answers.cpp).
  void note_below_floor(const Entry& entry);
  [[nodiscard]] std::string below_floor_error(const Part& part) const;
  Refusal patience_with(const Entry& entry);
  [[nodiscard]] bool waits_refused(const Entry& entry, std::string_view error);
  bool absorb(const Entry& entry, const resp::Reply& reply);
  bool absorb_read(const Entry& entry, Part& part, const resp::Reply& reply);
  void wait_until_settled(Entry entry, Part& part);
  void ask_again();
  bool may_be_shown(Entry entry, Part& part);
  void deliver(const Entry& entry, Part& part, std::string_view value);
  void settle(const Entry& entry);
  void give_up(const Entry& entry);
  void end_part(Request& request, Part& part);
  void finish(Request* request);

  // The write path (dispatcher_writes.cpp).
  void reroute_write(Entry entry, Part& part);
  void propose_anew(Entry entry, Part& part);
  void end_overwritten(Part& by);
  [[nodiscard]] bool may_be_forgotten(const Part& part) const;
  void fail_forgotten(const Entry& entry);
  static void fail_unanswered(Request& request, Part& part);
  void stamp(const Entry& entry, Part& part);
  void encode_write(const Entry& entry, Part& part, Buffer& out);
  [[nodiscard]] WriteRole assign_role(const Entry& entry, Part& part) const;
  void note_replica(const Entry& entry, Part& part);
  bool absorb_write(const Entry& entry, Part& part, const resp::Reply& reply);
  bool absorb_update(const Entry& entry, Part& part, const resp::Reply& reply);
  void keep_effect(Request& request, Part& part, std::string value);
  void forget_effect(Part& part);
  void take_version(const Entry& entry, Part& part, const resp::Version& version);
  void spread(const Entry& entry, Part& part);
  [[nodiscard]] bool spread_in_turn(const Entry& entry, Part& part);
  void let_follow(Part& part);
  void go_on(const Entry& entry);
  void tell_replicas(Part& part);

  void check_deadlines();
  bool forgive_oversleep();
  [[nodiscard]] std::string timeout_error(Request& request);
  [[nodiscard]] std::string no_second_error(topology::Vnode vnode) const;

  net::Loop& loop_;
  const Options options_;
  const Callbacks callbacks_;
  Random& random_;
  HybridClock clock_;
  RequestPool pool_;
  topology::RoutingTablePtr table_;
  std::unique_ptr<net::Timer> ticker_;

  // backends_[node id][shard]; none for a node that is not contacted.
  std::vector<std::vector<std::unique_ptr<Backend>>> backends_;

  // The process of each shard's server, and by when the one before was gone (Backend::gone_by).
  struct Process {
    uint64_t incarnation = 0;
    TimePoint since = TimePoint::min();
  };
  std::map<std::pair<topology::NodeId, uint8_t>, Process> processes_;

  EntryList parked_;            // Nobody serves their vnodes.
  std::vector<Entry> waiting_;  // To ask once more whether what they found is settled.
  std::unique_ptr<net::Timer> asker_;
  EntryList refused_;  // Second copies, by shards that may be failed over soon.
  std::unique_ptr<net::Timer> retrier_;

  KeyOrder order_;
  uint64_t sequence_ = 0;  // Of the request that was submitted last.
  uint64_t turns_ = 0;     // The last one (Part::turn).

  // Of values of effects that are larger than what proposing them has cost. They came back though
  // no queue had counted them.
  uint64_t effect_bytes_ = 0;

  // Requests not done yet, oldest first: their deadlines are in the same order.
  Request* oldest_ = nullptr;
  Request* newest_ = nullptr;
  TimePoint ticked_at_;  // When they were looked at last.
};

}  // namespace doris::router
