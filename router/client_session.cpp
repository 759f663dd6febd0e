#include "router/client_session.h"

#include <fmt/format.h>

#include "base/log.h"
#include "resp/errors.h"
#include "router/command_table.h"
#include "router/replies.h"

namespace doris::router {
namespace {

const Log kLog("client");

constexpr int64_t kHalfClosedMax = 100;  // Per thread.
constexpr Millis kLookAgain{5};

// Replies that are known at once and that their client does not want to hear. Empty between
// commands.
thread_local Buffer t_unheard;

}  // namespace

ClientSession::ClientSession(std::unique_ptr<net::Stream> stream, SessionHost& host, uint64_t id)
    : resp::Session(std::move(stream), host.settings().request_limits),
      host_(host),
      id_(id),
      created_ms_(host.clock().wall_ms()),
      last_command_ms_(created_ms_) {
  host_.stats().clients.add(1);
  host_.stats().connections.add(1);
}

ClientSession::~ClientSession() {
  host_.loop().cancel(*this);
  host_.stats().clients.add(-1);
  if (half_closed_) host_.stats().half_closed.add(-1);
  give_all_back();
}

// ---- Commands ------------------------------------------------------------------------

void ClientSession::on_command(Args args) {
  last_command_ms_ = host_.clock().wall_ms();
  host_.stats().commands.add();
  run(args);
  t_unheard.clear();
  t_unheard.release();
  reply_mode.next();
  if (tail_ != nullptr && is_local(*tail_)) park(*tail_, tail_->reply.size());
  check_output_limit();
  if (ended() || !must_wait()) return;
  hold();
  look_again_if_unsent();
}

void ClientSession::run(Args args) {
  const Command* command = find_command(args[0]);
  if (command == nullptr) {
    refuse_unknown(*this, args);
    return;
  }
  last_command_ = command->spec.name;
  if (!resp::arity_fits(command->spec, args.size())) {
    reply_error(resp::wrong_arity(command->spec.name));
    return;
  }
  if (refusing_transaction && !command->runs_in_refused_transaction) {
    reply_error(kTransactionRefused);
    return;
  }
  command->handler(*this, args);
}

// The client's commands wait while too many of its own are in flight, or while it does not
// read what it has been sent.
bool ClientSession::must_wait() const {
  const Settings& settings = host_.settings();
  return closing_ || queued_ >= settings.pipeline_max ||
         parked_bytes_ + unsent() > settings.output_pause_bytes;
}

// Bytes that the kernel had refused are reported when it takes them (on_drained). Those that it
// takes at the end of this very pass are not, so somebody has to look.
void ClientSession::look_again_if_unsent() {
  if (unsent() == 0) return;
  if (look_again_ == nullptr) look_again_ = host_.loop().timer([this] { look_again(); });
  look_again_->start(Millis{0});
}

// If the session must wait still, the pass may not have come to sending: libuv may fire a timer
// again in the pass in which it was started.
void ClientSession::look_again() {
  if (ended() || !held()) return;
  if (must_wait() && unsent() > 0) {
    look_again_->start(kLookAgain);
  } else {
    host_.loop().schedule(*this);
  }
}

void ClientSession::close_when_replied() {
  closing_ = true;
  if (head_ == nullptr) close();
}

void ClientSession::on_drained() {
  if (held()) host_.loop().schedule(*this);
}

// Goes on with held commands at the end of the pass, not from inside a backend's callback.
void ClientSession::on_pass_end() {
  if (!ended() && held() && !must_wait()) release();
}

void ClientSession::reset() {
  set_protocol(resp::Protocol::kResp2);
  name_space = 0;
  client_name.clear();
  reply_mode.reset();
  refusing_transaction = false;
}

// ---- Replies in order ----------------------------------------------------------------

resp::Writer ClientSession::reply_now() {
  if (reply_mode.silent()) return {t_unheard, protocol()};
  if (head_ == nullptr) {
    flush_soon();
    return reply();
  }
  Request* request = promise();
  request->replied = true;
  return {request->reply, protocol()};
}

void ClientSession::reply_error(std::string_view text) {
  host_.stats().errors.add();
  reply_now().error(text);
}

void ClientSession::reply_loading() {
  reply_error(
      "LOADING the router has no topology yet: the admin does not answer, or the cluster is still "
      "forming; see DORIS.STATUS");
}

Request* ClientSession::new_request(Request::Kind kind, Verb verb) {
  Request* request = host_.dispatcher()->take();
  request->kind = kind;
  request->verb = verb;
  request->protocol = protocol();
  request->silent = reply_mode.silent();
  request->owner = this;
  request->client = this;
  return request;
}

void ClientSession::submit(Request* request) {
  request->follows = head_ != nullptr;
  const bool sent = host_.dispatcher()->submit(request);
  enqueue(request);
  if (!sent) on_request_done(*request);
}

void ClientSession::drop(Request* request) {
  host_.dispatcher()->release(request);
}

Request* ClientSession::promise() {
  Request* request = host_.local_requests().take();
  request->kind = Request::Kind::kLocal;
  request->protocol = protocol();
  request->silent = reply_mode.silent();
  enqueue(request);
  return request;
}

void ClientSession::do_in_turn(Request::Kind kind) {
  promise()->kind = kind;
  pop_replied();
}

void ClientSession::answer_later(Request* request, const resp::Value& value) {
  if (value.is(resp::Value::Kind::kError)) host_.stats().errors.add();
  resp::Writer(reply_buffer(*request), request->protocol).value(value);
  request->replied = true;
  if (request != head_) park(*request, request->reply.size());
  pop_replied();
}

void ClientSession::enqueue(Request* request) {
  request->next = nullptr;
  (tail_ != nullptr ? tail_->next : head_) = request;
  tail_ = request;
  ++queued_;
}

// Where the reply of `request` goes: straight to the client, or to wait for its turn, at which it
// is dropped if the client does not want it.
Buffer& ClientSession::reply_buffer(Request& request) {
  return &request == head_ && !request.silent ? output() : request.reply;
}

void ClientSession::on_value(Request& request, Part& part, std::string_view bytes) {
  host_.stats().keyspace_hits.add();
  if (request.kind == Request::Kind::kGet) {
    resp::Writer(reply_buffer(request), request.protocol).bulk(bytes);
    request.replied = true;
  } else {
    part.value.assign(bytes);
    park(request, request.parked_bytes + bytes.size());
    check_output_limit();
  }
}

// Counts `bytes` as the unread replies that `request` holds until its turn comes.
void ClientSession::park(Request& request, uint64_t bytes) {
  parked_bytes_ = parked_bytes_ - request.parked_bytes + bytes;
  request.parked_bytes = bytes;
}

void ClientSession::on_request_done(Request& request) {
  if (leaving_) return;  // It waited for one that was given back, and is the next to be.
  if (request.failed()) host_.stats().errors.add();
  if (!request.replied) {
    write_reply(request, resp::Writer(reply_buffer(request), request.protocol), host_.stats());
    request.replied = true;
  }
  if (&request != head_) {
    park(request, request.reply.size());
    check_output_limit();
    return;
  }
  pop_replied();
}

// Takes every request off the head whose reply is known. The head's own reply may have
// been written straight to output(): then its `reply` is empty.
void ClientSession::pop_replied() {
  while (head_ != nullptr) {
    Request* request = head_;
    if (awaits_its_turn(*request)) take_turn(*request);
    if (!request->replied || !(request->done || is_local(*request))) break;
    if (!request->silent) output().append(request->reply.view());
    if (is_write(request->verb)) last_write_.note(*request);
    head_ = request->next;
    if (head_ == nullptr) tail_ = nullptr;
    --queued_;
    give_back(request);
  }
  flush_soon();
  check_output_limit();
  if (ended()) return;
  if (closing_ && head_ == nullptr) {
    close();
    return;
  }
  if (!held()) return;
  if (must_wait()) {
    look_again_if_unsent();
  } else {
    host_.loop().schedule(*this);
  }
}

void ClientSession::take_turn(Request& request) {
  resp::Writer writer(reply_buffer(request), request.protocol);
  if (request.kind == Request::Kind::kReset) {
    last_write_ = LastWrite();
    writer.simple("RESET");
  } else {
    const Dispatcher* const dispatcher = host_.dispatcher();
    const auto table = dispatcher == nullptr ? nullptr : dispatcher->routing_table();
    writer.value(last_write_.describe(table, request.protocol));
  }
  request.replied = true;
}

void ClientSession::give_back(Request* request) {
  park(*request, 0);
  if (is_local(*request)) {
    host_.local_requests().give(request);
  } else {
    host_.dispatcher()->release(request);
  }
}

void ClientSession::check_output_limit() {
  const uint64_t limit = host_.settings().output_limit_bytes;
  if (ended() || unsent() + parked_bytes_ <= limit) return;
  kLog.warning("client {} ({}): closed: {} bytes of replies unread, client-output-buffer-limit {}",
               id_, peer(), unsent() + parked_bytes_, limit);
  host_.stats().output_limit_hits.add();
  output().clear();
  close();
}

void ClientSession::on_ended(const Status& why) {
  kLog.debug("client {} ({}): {}", id_, peer(), why.message());
  give_all_back();
  host_.on_session_ended(*this);
}

// The error takes its place behind the replies to what was right.
void ClientSession::on_protocol_error(std::string_view text) {
  reply_error(text);
  close_when_replied();
}

// As in Redis, `printf 'GET k\r\n' | nc router 6379` is answered. Whether anybody still reads shows
// only when the replies are sent. So no more stay than a few: clients that gave up and came back
// while a server failed need the places.
bool ClientSession::stays_to_reply() {
  if (head_ == nullptr || host_.stats().half_closed.get() >= kHalfClosedMax) return false;
  host_.stats().half_closed.add(1);
  closing_ = half_closed_ = true;
  return true;
}

// Nobody waits for the replies any more. What was sent to data servers is finished there.
void ClientSession::give_all_back() {
  leaving_ = true;
  while (head_ != nullptr) {
    Request* request = head_;
    head_ = request->next;
    give_back(request);
  }
  tail_ = nullptr;
  queued_ = 0;
}

std::string ClientSession::describe() const {
  const int64_t now = host_.clock().wall_ms();
  return fmt::format(
      "id={} addr={} laddr={} name={} age={} idle={} db={} cmd={} pipeline={} omem={} resp={} "
      "lib-name={} "
      "lib-ver={}",
      id_, peer(), local(), client_name, (now - created_ms_) / 1000,
      (now - last_command_ms_) / 1000, name_space, last_command_.empty() ? "NULL" : last_command_,
      queued_, unsent() + parked_bytes_, static_cast<int>(protocol()), library_name,
      library_version);
}

}  // namespace doris::router
