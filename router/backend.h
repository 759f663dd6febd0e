// Backend: one worker thread's connection to one shard of one data server.
//
//   send(entry) -> ready?  yes: encoded, sent at the end of the loop's pass --> in_flight_
//                          no:  waiting_                                          |
//                   replies, in order, matched with in_flight_ <------------------+
//
// Anything that makes the server's answers useless - a lost connection, another epoch, a
// server that is not ready, or whose disk is full - is handled in one way: stop sending, let what
// is in flight be answered, put everything unanswered back in front of waiting_, mend the cause,
// LINK again, and send it all once more in the order in which the clients asked. A write that is
// sent again is not done again, so a client sees only latency, until the time is over in which it
// may be asked for (write_path.h).
//
//   kDown --connect--> kConnecting --LINK--> kLinking --ok--> kReady
//     ^                                         ^               | a reply says: resync
//     |  connection lost (from any state)       |               v
//     +------------------                       +-- pause -- kDraining (until in_flight_ is empty)
//
// Worker thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/net/loop.h"
#include "base/topology/routing_table.h"
#include "resp/reply_parser.h"
#include "router/request.h"
#include "router/ring_queue.h"

namespace doris::router {

class Backend;

// What a Backend needs of the Dispatcher.
class BackendHost {
 public:
  virtual ~BackendHost() = default;

  // The newest topology adopted. Never nullptr while a Backend lives.
  [[nodiscard]] virtual const topology::RoutingTable& table() const = 0;

  // An entry was answered by `backend`; `reply` is never one of the resync errors. The
  // views of `reply` are valid during the call only.
  virtual void on_reply(Backend& backend, const Entry& entry, const resp::Reply& reply) = 0;

  // What becomes of an entry that its server has refused (ends_by_failover()).
  enum class Refusal : uint8_t {
    kAnswer,  // It is the answer.
    kWait,    // The entry waits there, with all behind it: that server may soon be failed over.
    kInVain,  // It is the answer, after the entry has waited for long enough.
  };
  [[nodiscard]] virtual Refusal judge_refusal(const Entry& entry) = 0;

  // Whether `entry` is to be sent to `backend`'s server as things are now.
  [[nodiscard]] virtual bool belongs(const Backend& backend, const Entry& entry) = 0;

  // Encodes `entry` for its server as things are now.
  virtual void encode(const Entry& entry, Buffer& out) = 0;

  // An entry that was not answered wants a place again: back into this or another backend.
  // Or it ends here, if nobody needs it any more.
  virtual void reroute(const Entry& entry) = 0;

  // The entry will never be answered: the backend ends, or the entry's deadline has passed.
  virtual void drop(const Entry& entry) = 0;

  // A server knows epoch `epoch`: have the topology pulled at once.
  virtual void want_epoch(topology::Epoch epoch) = 0;

  virtual void merge_clock(uint64_t hlc) = 0;

  // `backend` has linked with this process of its server.
  virtual void on_linked(const Backend& backend, uint64_t incarnation) = 0;

  // `backend`'s server has failed to connect or to answer, again and again.
  virtual void report(const Backend& backend, const std::string& why) = 0;
};

struct BackendOptions {
  std::string cluster;
  uint32_t writer;  // This worker's writer id.
  Millis connect_timeout{1000};
  Millis backoff_min{10};
  Millis backoff_max{1000};
  Millis request_timeout{5000};  // What is in flight for longer drops the connection.
  Millis suspect_after{300};     // What is in flight for longer is reported.
  uint32_t attempts = 3;         // So many failures to connect in a row are reported.
  uint64_t queue_bytes_max = 0;
};

class Backend final : private net::StreamHandler, private net::PassTask {
 public:
  // All references outlive this. Connects at once.
  Backend(net::Loop& loop, Random& random, BackendHost& host, const BackendOptions& options,
          const topology::Node& node, uint8_t shard);
  ~Backend() override;

  // Whether the queue is below its bound. The request that passes it is still let in: it is
  // in memory anyway, and else one that is larger than the bound could never be sent.
  [[nodiscard]] bool accepts_more() const { return queued_bytes_ < options_.queue_bytes_max; }

  // Takes the entry. Its reply comes through the host, never from inside this call.
  void send(const Entry& entry);

  // The server is told, at the end of the pass, that both copies have the write (`certain`), or
  // that it was given up. It hears of it even if the connection is lost meanwhile.
  void settle(resp::WriteId id, bool certain);

  // The host's table has changed: goes over to its epoch. What does not belong here any more is
  // added to `moved`, answered or not: what comes behind it may not find its new place before it.
  void on_new_table(std::vector<Entry>& moved);

  // Gives up the connection, and adds everything to `moved`.
  void retire(std::vector<Entry>& moved);

  // Ends for good: drops everything.
  void abandon();

  // Called many times a second: reports a server that does not answer, and drops its connection
  // in the end. Drops what has waited here beyond its deadline.
  void check(TimePoint now);

  // Whether this is still where `node` is to be reached.
  [[nodiscard]] bool serves(const topology::Node& node) const {
    return node.host == address_.host && node.port + 1 + shard_ == address_.port;
  }
  [[nodiscard]] topology::NodeId node() const { return node_; }
  [[nodiscard]] uint8_t shard() const { return shard_; }

  [[nodiscard]] bool ready() const { return state_ == State::kReady; }
  [[nodiscard]] size_t queued() const { return in_flight_.size() + waiting_.size(); }
  [[nodiscard]] uint64_t queued_bytes() const { return queued_bytes_; }

  // "a1 (127.0.0.1:7001)", and why it is not ready ("" if it is).
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  [[nodiscard]] const net::Address& address() const { return address_; }

  // By when the process that it was linked with last has ended, as far as is known, if another one
  // is there now: what is younger that process never heard of, from nobody.
  [[nodiscard]] TimePoint gone_by() const { return was_refused_ ? gone_by_ : loop_.now(); }

 private:
  enum class State : uint8_t { kDown, kConnecting, kLinking, kReady, kDraining };

  // What was sent, or waits to be.
  struct Sent {
    enum class Kind : uint8_t {
      kEntry,
      kMoved,   // It was one, and its answer is of no matter any more.
      kSettle,  // A VSETTLE.
    };
    Entry entry;         // Without a request, except in kEntry.
    uint32_t bytes = 0;  // Its share of queued_bytes_.
    TimePoint at{};      // When it was sent.
    Kind kind = Kind::kEntry;
  };

  std::span<char> read_buffer() override;
  void on_read(size_t bytes) override;
  void on_end(const Status& why) override;

  void connect();
  void note_attempt(const std::string& failure);
  void link();
  void on_link_reply(const resp::Reply& reply);
  void on_answer(const resp::Reply& reply);
  void on_entry_answered(const Sent& sent, const resp::Reply& reply);
  [[nodiscard]] bool wants_resync(const resp::Reply& reply);
  [[nodiscard]] static bool is_refused_in_order(const Entry& entry, const resp::Reply& reply);
  [[nodiscard]] bool is_held_up(const Entry& entry, const resp::Reply& reply);
  [[nodiscard]] bool overtakes(const Entry& entry) const;
  void lose_connection(const std::string& why);
  void close();
  void drop_overdue(TimePoint now);
  void move_out(RingQueue<Sent>& queue, bool was_sent, std::vector<Entry>& moved);
  std::vector<Entry> take_all();
  void drain(Millis pause);
  void resync_if_drained();
  void take_back();
  void on_pass_end() override;
  void send_waiting();
  void transmit(Sent sent);

  // Constant after construction.
  net::Loop& loop_;
  BackendHost& host_;
  const BackendOptions& options_;
  const topology::NodeId node_;
  const uint8_t shard_;
  const net::Address address_;
  const std::string name_;

  State state_ = State::kDown;
  std::string trouble_;
  Backoff backoff_;
  uint32_t failures_ = 0;    // To connect, in a row.
  TimePoint reported_at_{};  // When silence was last reported.
  TimePoint gone_by_;
  bool was_refused_ = false;  // Since the last connection: then that process is gone.
  std::unique_ptr<net::Timer> retry_;
  std::unique_ptr<net::Connecting> connecting_;
  std::unique_ptr<net::Stream> stream_;
  Buffer input_;
  resp::ReplyParser parser_;
  topology::Epoch linked_epoch_ = 0;
  TimePoint link_sent_at_{};        // Meaningful only while kLinking.
  uint32_t adopts_unanswered_ = 0;  // ADOPT replies that come before the LINK's.
  bool adopt_first_ = false;        // The server is behind: tell it the topology.
  Millis resync_pause_{0};
  bool refuses_for_good_ = false;  // See is_held_up().
  bool held_up_ = false;           // While kDraining: by a refusal, see is_held_up().

  // Invariants:
  // 1. Every entry given to send() is in exactly one of the three queues until answered.
  // 2. unanswered_ holds, in order, what was sent before the front of in_flight_ and got
  //    a resync error; it is empty in kReady.
  RingQueue<Sent> in_flight_;
  RingQueue<Sent> unanswered_;
  RingQueue<Sent> waiting_;
  uint64_t queued_bytes_ = 0;

  // Ids of writes, eight bytes each, that the server is to hear of; and those that it was sent
  // and has not confirmed.
  struct SettledIds {
    std::string settled;
    std::string abandoned;
  };
  SettledIds to_tell_;
  RingQueue<SettledIds> told_;
};

}  // namespace doris::router
