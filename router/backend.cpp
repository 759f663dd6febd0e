#include "router/backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "router/dialect.h"

namespace doris::router {
namespace {

const Log kLog("backend");

constexpr Millis kNotReadyPause{50};
constexpr Millis kEpochPause{5};
constexpr Millis kRefusalPause{50};
constexpr size_t kToldBytesMax = 1024UL * 1024;

// The n of "STALEEPOCH n ...", 0 if there is none.
topology::Epoch epoch_in(std::string_view error) {
  const size_t space = error.find(' ');
  topology::Epoch epoch = 0;
  if (space != std::string_view::npos)
    std::from_chars(error.data() + space + 1, error.data() + error.size(), epoch);
  return epoch;
}

}  // namespace

Backend::Backend(net::Loop& loop, Random& random, BackendHost& host, const BackendOptions& options,
                 const topology::Node& node, uint8_t shard)
    : loop_(loop),
      host_(host),
      options_(options),
      node_(node.id),
      shard_(shard),
      address_{node.host, static_cast<uint16_t>(node.port + 1 + shard)},
      name_(fmt::format("{} ({})", node.name, address_.text())),
      trouble_("not connected yet"),
      backoff_(random, options.backoff_min, options.backoff_max),
      gone_by_(loop.now()),
      // Not proto-max-bulk-len: a value may be from a time when that was larger, and reading it
      // must not cost the connection.
      parser_({kBulkBytesCeiling, kReplyItemsMax, kReplyNestingMax}) {
  retry_ = loop_.timer([this] { state_ == State::kDown ? connect() : link(); });
  connect();
}

Backend::~Backend() {
  loop_.cancel(*this);
}

void Backend::settle(resp::WriteId id, bool certain) {
  std::string& ids = certain ? to_tell_.settled : to_tell_.abandoned;
  if (ids.size() >= kToldBytesMax) return;  // Out of reach for long: it settles them in the end.
  for (int shift = 56; shift >= 0; shift -= 8)
    ids.push_back(static_cast<char>(id >> shift & 0xFF));
  loop_.schedule(*this);
}

void Backend::on_pass_end() {
  const bool nothing = to_tell_.settled.empty() && to_tell_.abandoned.empty();
  if (state_ != State::kReady || nothing) return;
  write_vsettle(stream_->output(), to_tell_.settled, to_tell_.abandoned);
  told_.push_back(std::exchange(to_tell_, {}));
  in_flight_.push_back({{}, 0, loop_.now(), Sent::Kind::kSettle});
  stream_->flush_soon();
}

void Backend::send(const Entry& entry) {
  const Sent sent{entry, bytes_of(entry)};
  queued_bytes_ += sent.bytes;
  // While a new table is taken over, what one backend gives back may come to another one that
  // has not heard of the table: it may not leave on a connection that speaks for the old one.
  if (state_ == State::kReady && linked_epoch_ == host_.table().epoch()) {
    transmit(sent);
  } else {
    waiting_.push_back(sent);
  }
}

void Backend::transmit(Sent sent) {
  host_.encode(sent.entry, stream_->output());
  sent.at = loop_.now();
  in_flight_.push_back(sent);
  stream_->flush_soon();
}

void Backend::on_new_table(std::vector<Entry>& moved) {
  refuses_for_good_ = false;
  if (state_ == State::kDown) {
    // What has changed may be that the server is there again.
    backoff_.reset();
    retry_->stop();
    connect();
  }
  move_out(unanswered_, false, moved);
  move_out(in_flight_, true, moved);
  move_out(waiting_, false, moved);
  if (state_ == State::kReady && linked_epoch_ != host_.table().epoch()) drain(Millis{0});
}

// A place is kept for the answers that will come all the same.
void Backend::move_out(RingQueue<Sent>& queue, bool was_sent, std::vector<Entry>& moved) {
  RingQueue<Sent> all;
  all.swap(queue);
  while (!all.empty()) {
    Sent sent = all.pop_front();
    const Entry entry = sent.entry;
    if (entry.request != nullptr && !host_.belongs(*this, entry)) {
      moved.push_back(entry);
      queued_bytes_ -= sent.bytes;
      if (!was_sent) continue;
      if (!entry.waits) entry.request->parts[entry.part].in_doubt = true;
      sent = {{}, 0, sent.at, Sent::Kind::kMoved};
    }
    queue.push_back(sent);
  }
}

void Backend::retire(std::vector<Entry>& moved) {
  close();
  const std::vector<Entry> all = take_all();
  moved.insert(moved.end(), all.begin(), all.end());
}

void Backend::abandon() {
  close();
  for (const Entry& entry : take_all())
    host_.drop(entry);
}

// A server may be there for long and not be ready: what nobody waits for any more must not fill the
// queue meanwhile. A second copy of what its primary has is still worth to be sent, if there is
// room.
void Backend::drop_overdue(TimePoint now) {
  if (waiting_.empty() || waiting_.front().entry.request->deadline > now) return;
  RingQueue<Sent> all;
  all.swap(waiting_);
  std::vector<Entry> overdue;
  while (!all.empty()) {
    const Sent sent = all.pop_front();
    const Request& request = *sent.entry.request;
    const bool committed = is_write(request.verb) && request.parts[sent.entry.part].primary_done;
    if (request.deadline > now || (committed && accepts_more())) {
      waiting_.push_back(sent);
    } else {
      queued_bytes_ -= sent.bytes;
      overdue.push_back(sent.entry);
    }
  }
  for (const Entry& entry : overdue)
    host_.drop(entry);
}

void Backend::check(TimePoint now) {
  drop_overdue(now);
  const bool linking = state_ == State::kLinking;  // Then nothing else is in flight.
  if (!linking && in_flight_.empty()) return;
  const TimePoint since = linking ? link_sent_at_ : in_flight_.front().at;
  if (now - since >= options_.suspect_after && now - reported_at_ >= options_.suspect_after) {
    reported_at_ = now;
    host_.report(*this, fmt::format("no answer for {} ms", (now - since) / Millis{1}));
  }
  if (now - since < options_.request_timeout) return;
  lose_connection(fmt::format("no answer for {} ms; the connection was dropped",
                              options_.request_timeout.count()));
}

// Puts everything that was sent and not answered back, in its order, before what waits.
void Backend::take_back() {
  held_up_ = false;
  RingQueue<Sent> all;
  all.swap(unanswered_);
  while (!in_flight_.empty()) {
    const Sent sent = in_flight_.pop_front();
    if (sent.entry.request == nullptr) continue;
    if (!sent.entry.waits) sent.entry.request->parts[sent.entry.part].in_doubt = true;
    all.push_back(sent);
  }
  while (!told_.empty()) {  // Telling it twice does no harm.
    const SettledIds ids = told_.pop_front();
    to_tell_.settled += ids.settled;
    to_tell_.abandoned += ids.abandoned;
  }
  while (!waiting_.empty())
    all.push_back(waiting_.pop_front());
  waiting_.swap(all);
}

// Empties the queues. A question about an answer was sent behind what came after it, and is to be
// before that: who asks may have to do anew what it has asked for.
std::vector<Entry> Backend::take_all() {
  take_back();
  std::vector<Entry> all;
  while (!waiting_.empty())
    all.push_back(waiting_.pop_front().entry);
  queued_bytes_ = 0;
  std::ranges::stable_sort(all, {}, rank_of);
  return all;
}

// Everything that waits goes by way of the host: since it was queued the table may have changed,
// and some of it may have been given up. What still belongs here comes back.
void Backend::send_waiting() {
  for (const Entry& entry : take_all())
    host_.reroute(entry);
}

// ---- Replies -------------------------------------------------------------------------

std::span<char> Backend::read_buffer() {
  const size_t wanted = parser_.wanted();
  return input_.prepare(wanted > input_.size() ? std::max(wanted - input_.size(), kReadBytes)
                                               : kReadBytes);
}

void Backend::on_read(size_t bytes) {
  input_.commit(bytes);
  while (stream_ != nullptr && !input_.empty()) {
    const resp::Parsed parsed = parser_.parse(input_.view());
    if (parsed == resp::Parsed::kNeedMore) return;
    if (parsed == resp::Parsed::kError) {
      lose_connection("does not speak RESP: " + parser_.error());
      return;
    }
    if (state_ == State::kLinking) {
      on_link_reply(parser_.reply());
    } else {
      on_answer(parser_.reply());
    }
    if (stream_ != nullptr) input_.consume(parser_.consumed());
  }
  if (input_.capacity() > 4 * kReadBytes && input_.empty()) input_.release();
}

void Backend::on_end(const Status& why) {
  lose_connection(why.message());
}

void Backend::on_answer(const resp::Reply& reply) {
  if (in_flight_.empty()) {
    lose_connection("answered what was not asked");
    return;
  }
  const Sent sent = in_flight_.pop_front();
  switch (sent.kind) {
    case Sent::Kind::kEntry:
      on_entry_answered(sent, reply);
      break;
    case Sent::Kind::kMoved:
      (void)wants_resync(reply);
      break;
    case Sent::Kind::kSettle:
      (void)told_.pop_front();
      break;
  }
  if (state_ == State::kDraining) resync_if_drained();
}

void Backend::on_entry_answered(const Sent& sent, const resp::Reply& reply) {
  if (wants_resync(reply) || is_held_up(sent.entry, reply) || overtakes(sent.entry)) {
    unanswered_.push_back(sent);
    if (state_ == State::kReady) state_ = State::kDraining;
    return;
  }
  if (is_refused_in_order(sent.entry, reply) && state_ == State::kReady) {
    state_ = State::kDraining;
    resync_pause_ = Millis{0};
  }
  queued_bytes_ -= sent.bytes;
  host_.on_reply(*this, sent.entry, reply);
}

// Whether the reply says that connection and server must agree on something first; notes
// what has to be done about it.
bool Backend::wants_resync(const resp::Reply& reply) {
  if (reply.kind != resp::Value::Kind::kError) return false;
  const std::string_view text = reply.text;
  if (text.starts_with("STALEEPOCH ")) {
    host_.want_epoch(epoch_in(text));
    resync_pause_ = kEpochPause;  // The pull takes about as long; then LINK tells.
  } else if (text.starts_with("BEHINDEPOCH ")) {
    adopt_first_ = true;
    resync_pause_ = kEpochPause;  // Not 0: a server that refuses must not make us spin.
  } else if (text.starts_with("NOTREADY") || text.starts_with("NOLINK")) {
    resync_pause_ = kNotReadyPause;
  } else {
    return false;
  }
  if (trouble_ != text) kLog.info("{}: {}", name_, text);
  trouble_ = text;
  return true;
}

// Then the server refuses all that comes behind it on this connection until it is linked again, for
// what was refused may be sent again. Here it is not: what was sent before may link, and the next
// go.
bool Backend::is_refused_in_order(const Entry& entry, const resp::Reply& reply) {
  const bool ordered = is_write(entry.request->verb) && entry.copy == Copy::kPrimary;
  return ordered && reply.kind == resp::Value::Kind::kError && ends_by_failover(reply.text);
}

// A server that refuses for now is asked again, everything in its old order: its clients see a
// pause.
// Once one of them has waited in vain nobody failed it over: both disks are full, perhaps. From
// then on refusals are answers, and reads wait for no more than the link that follows one, until
// something has changed.
bool Backend::is_held_up(const Entry& entry, const resp::Reply& reply) {
  if (reply.kind != resp::Value::Kind::kError || !ends_by_failover(reply.text)) {
    if (is_write(entry.request->verb)) refuses_for_good_ = false;
    return false;
  }
  if (refuses_for_good_) return false;
  const BackendHost::Refusal refusal = host_.judge_refusal(entry);
  refuses_for_good_ = refusal == BackendHost::Refusal::kInVain;
  if (refusal != BackendHost::Refusal::kWait) return false;
  if (trouble_ != reply.text) kLog.info("{}: {}", name_, reply.text);
  trouble_ = reply.text;
  resync_pause_ = kRefusalPause;
  held_up_ = true;
  return true;
}

// A read behind a write that has to wait, in the same pipeline perhaps, is asked again behind it.
bool Backend::overtakes(const Entry& entry) const {
  return held_up_ && !is_write(entry.request->verb);
}

}  // namespace doris::router
