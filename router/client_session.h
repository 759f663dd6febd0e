// ClientSession: one Redis client of the router. Replies leave in the order of the
// commands, whatever order the data servers answer in.
//
//   commands --> [ GET k1 | SET k2 | PING | GET k3 ]   queue, oldest first
//                    ^ replied and at the head: to output()
//                             ^ replied, but not at the head: parked in Request::reply
//
// What a command means is in the command table (command_table.h); the session offers the
// handlers its state and the two ways to reply: now (reply_now), or when data servers have
// answered (submit).
//
// Worker thread only; owned by the Worker.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/net/loop.h"
#include "base/topology/key_hash.h"
#include "resp/session.h"
#include "router/client_filter.h"
#include "router/dispatcher.h"
#include "router/last_write.h"
#include "router/reply_mode.h"
#include "router/settings.h"
#include "router/stats.h"

namespace doris::router {

class ClientSession;

using Args = std::span<const std::string_view>;

// What a session needs of its worker.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  virtual net::Loop& loop() = 0;
  virtual const Clock& clock() = 0;
  virtual Dispatcher* dispatcher() = 0;  // nullptr until there is a topology.
  virtual RequestPool& local_requests() = 0;
  virtual topology::KeyHasher& hasher() = 0;
  virtual const Settings& settings() = 0;
  virtual WorkerStats& stats() = 0;

  // Have the admin run a DORIS.* command; its answer goes to session.answer_later().
  virtual void forward(ClientSession& session, Request* request, std::vector<std::string> args) = 0;
  // CLIENT LIST and CLIENT KILL over all workers, likewise. The session itself is not closed by
  // `order`; if it `kills_itself`, it counts.
  virtual void list_clients(ClientSession& session, Request* request, ClientFilter which) = 0;
  virtual void kill_clients(ClientSession& session, Request* request, KillOrder order,
                            bool kills_itself) = 0;
  // INFO's text.
  virtual std::string info(const std::vector<std::string>& sections) = 0;
  // Destroys the session, soon.
  virtual void on_session_ended(ClientSession& session) = 0;
};

class ClientSession final : public resp::Session, private RequestOwner, private net::PassTask {
 public:
  // `id` is unique in the process.
  ClientSession(std::unique_ptr<net::Stream> stream, SessionHost& host, uint64_t id);
  ~ClientSession() override;

  [[nodiscard]] uint64_t id() const { return id_; }
  SessionHost& host() { return host_; }

  // ---- For the command handlers ----

  // A writer for a reply that is known now; it takes its place in the order, or goes nowhere if
  // the client does not want to hear it.
  resp::Writer reply_now();
  void reply_error(std::string_view text);

  // A request in this client's name, empty. submit() sends it and replies later: through
  // the kind's reply (replies.h). drop() gives it back unused.
  Request* new_request(Request::Kind kind, Verb verb);
  void submit(Request* request);
  void drop(Request* request);

  // A place in the order of the replies for something that is neither; answer_later()
  // fills it. REQUIRES: the session has not ended in between (the worker looks it up).
  Request* promise();
  void answer_later(Request* request, const resp::Value& value);

  // Does what `kind`, RESET or DORIS.LASTWRITE, is about when all before it has been replied to.
  void do_in_turn(Request::Kind kind);

  // Called when there is no topology yet, instead of a plan.
  void reply_loading();

  // QUIT: closes once everything before it has been replied to.
  void close_when_replied();

  uint32_t name_space = 0;   // SELECT
  std::string client_name;   // CLIENT SETNAME
  std::string library_name;  // CLIENT SETINFO
  std::string library_version;
  ReplyMode reply_mode;               // CLIENT REPLY
  bool refusing_transaction = false;  // After MULTI, until EXEC or DISCARD.
  // RESET: as a new connection. The last write is forgotten later, when it is RESET's turn.
  void reset();

  // The line of CLIENT LIST and CLIENT INFO, without the newline.
  [[nodiscard]] std::string describe() const;

 private:
  void on_command(Args args) override;
  void on_ended(const Status& why) override;
  void on_protocol_error(std::string_view text) override;
  bool stays_to_reply() override;
  void on_drained() override;
  void on_value(Request& request, Part& part, std::string_view bytes) override;
  void on_request_done(Request& request) override;
  void on_pass_end() override;

  void run(Args args);
  void enqueue(Request* request);
  void pop_replied();
  void take_turn(Request& request);
  Buffer& reply_buffer(Request& request);
  void park(Request& request, uint64_t bytes);
  void give_back(Request* request);
  void give_all_back();
  [[nodiscard]] bool must_wait() const;
  void look_again_if_unsent();
  void look_again();
  void check_output_limit();

  SessionHost& host_;
  const uint64_t id_;
  const int64_t created_ms_;
  int64_t last_command_ms_;
  std::string_view last_command_;  // A name in the command table.

  // Requests in the order of their replies. A request is in here until its reply has been
  // appended to output().
  Request* head_ = nullptr;
  Request* tail_ = nullptr;
  uint32_t queued_ = 0;
  LastWrite last_write_;                    // Among what has been replied to.
  bool leaving_ = false;                    // Its requests are being given back.
  bool closing_ = false;                    // After QUIT, or:
  bool half_closed_ = false;                // The client has ended its side.
  uint64_t parked_bytes_ = 0;               // Of replies that wait for the head.
  std::unique_ptr<net::Timer> look_again_;  // Made when first needed.
};

}  // namespace doris::router
