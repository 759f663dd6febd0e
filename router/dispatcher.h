// Dispatcher: sends a worker's requests to the right data servers and gathers the answers.
//
// It owns the worker's backends and its hybrid clock, and knows the rules of the write
// path (ARCHITECTURE.md, "One SET's journey"):
//
//   * A read costs one server: the primary replica's, or with read-policy `any` the other
//     one's while the primary's connection is not ready.
//   * A write goes to both replicas at once with one version, as soon as its primary can be
//     reached. When the primary answers with a raised version, the secondary is sent that one;
//     the request is done when both hold the same.
//   * What was not answered is sent again by its Backend; a request that finds no answer
//     before its deadline gets an error that says what is known.
//
// Worker thread only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "router/backend.h"
#include "router/hybrid_clock.h"
#include "router/request.h"

namespace doris::router {

enum class ReadPolicy : uint8_t { kPrimary, kAny };

class Dispatcher final : private BackendHost {
 public:
  struct Options {
    BackendOptions backend;
    ReadPolicy read_policy = ReadPolicy::kPrimary;
  };

  // `want_epoch` is called with an epoch that a server knows and the table here does not.
  Dispatcher(net::Loop& loop, const Clock& clock, Random& random, Options options,
             std::function<void(topology::Epoch)> want_epoch);
  ~Dispatcher() override;

  // Goes over to `table`; an older epoch than the one held is ignored. Requests in flight
  // are finished or sent again, unseen by their owners.
  void adopt(topology::RoutingTablePtr table);

  // nullptr until the first adopt().
  [[nodiscard]] const topology::RoutingTablePtr& routing_table() const { return table_; }

  // A fresh request. It goes back by release(), submitted or not.
  Request* take() { return pool_.take(); }

  // Sends the request's parts. False, and `error` is set, when nothing was sent: a queue
  // is full. Otherwise the owner hears of it later. REQUIRES: routing_table(), an owner, and at
  // least one part.
  bool submit(Request* request);

  // The owner needs the request no more; also before it is done (the client has gone).
  void release(Request* request);

  // A shard's live keys are counted in one group; which one is best asked now.
  [[nodiscard]] topology::Group countable_group() const;

  // Entries queued or in flight to all data servers, and their bytes.
  [[nodiscard]] size_t queued() const;
  [[nodiscard]] uint64_t queued_bytes() const;

 private:
  [[nodiscard]] const topology::RoutingTable& table() const override { return *table_; }
  void on_reply(Backend& backend, const Entry& entry, const resp::Reply& reply) override;
  void encode(const Entry& entry, Buffer& out) override;
  void reroute(const Entry& entry) override;
  void drop(const Entry& entry) override { settle(entry); }
  void want_epoch(topology::Epoch epoch) override { want_epoch_(epoch); }
  void merge_clock(uint64_t hlc) override { clock_.merge(hlc); }

  Backend* find_backend(const Entry& entry);
  Backend& backend_of(const Entry& entry);
  Backend& backend(topology::Vnode vnode, topology::Group group);
  topology::Group read_group(topology::Vnode vnode);
  [[nodiscard]] bool has_room(Request& request);
  void send_to_replica(Request* request, uint32_t part, topology::Group group);
  void encode_write(const Entry& entry, Part& part, Buffer& out);
  void absorb(const Entry& entry, const resp::Reply& reply);
  void absorb_write(const Entry& entry, Part& part, const resp::Reply& reply);
  void settle(const Entry& entry);
  void finish(Request* request);
  void check_deadlines();
  [[nodiscard]] std::string timeout_error(Request& request);

  net::Loop& loop_;
  const Options options_;
  const std::function<void(topology::Epoch)> want_epoch_;
  Random& random_;
  HybridClock clock_;
  RequestPool pool_;
  topology::RoutingTablePtr table_;
  std::unique_ptr<net::Timer> ticker_;

  // backends_[node id][shard]; a node that owns nothing has none.
  std::vector<std::vector<std::unique_ptr<Backend>>> backends_;

  // Requests not done yet, oldest first: their deadlines are in the same order.
  Request* oldest_ = nullptr;
  Request* newest_ = nullptr;
};

}  // namespace doris::router
