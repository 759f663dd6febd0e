#include "resp/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/limits.h"

namespace doris::resp {

// One connection at a time:
//
//   (nothing) --call()--> connecting --> connected --lost--> pausing --> connecting ...
//                              |                               ^
//                              +--failed-----------------------+
//
// calls_ holds every call that waits, in the order made. While connected all of them have
// been sent, and replies come in that order; otherwise none has been.
//
// Shared with the functions that are running, since a callback may destroy the Client: then
// stop() has been called, and nothing happens any more.
class Client::Impl final : public std::enable_shared_from_this<Impl>, private net::StreamHandler {
 public:
  Impl(net::Loop& loop, Random& random, Options options)
      : loop_(loop),
        options_(std::move(options)),
        backoff_(random, options_.backoff_min, options_.backoff_max),
        parser_({kBulkBytesCeiling, kReplyItemsMax, kReplyNestingMax}),
        retry_(loop.timer([this] { connect(); })),
        deadline_(loop.timer([this] { on_deadline(); })) {}

  void call(std::vector<std::string> args, Millis timeout, Callback callback);
  void stop();

  [[nodiscard]] bool connected() const { return stream_ != nullptr; }
  [[nodiscard]] const net::Address& address() const { return options_.address; }

 private:
  struct Call {
    std::vector<std::string> args;
    Callback callback;
    TimePoint deadline;
  };

  std::span<char> read_buffer() override;
  void on_read(size_t bytes) override;
  void on_end(const Status& why) override { lose(why.message()); }

  void connect();
  void on_connect(Result<std::unique_ptr<net::Stream>> result);
  void send(const Call& call);
  void on_reply(Value value);
  void arm(TimePoint deadline);
  void on_deadline();
  void fail(const std::deque<Call>& calls, const std::string& why);
  void lose(const std::string& why);

  net::Loop& loop_;
  const Options options_;
  Backoff backoff_;
  ReplyParser parser_;
  Buffer input_;
  std::deque<Call> calls_;
  std::unique_ptr<net::Connecting> connecting_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<net::Timer> retry_;
  std::unique_ptr<net::Timer> deadline_;
  std::optional<TimePoint> armed_for_;  // No later than the earliest deadline of calls_.
  bool pausing_ = false;                // Until retry_ fires; calls wait.
  bool hello_pending_ = false;          // The next reply is HELLO's.
  bool stopped_ = false;
};

void Client::Impl::call(std::vector<std::string> args, Millis timeout, Callback callback) {
  if (calls_.size() >= options_.calls_max) {
    loop_.post([client = weak_from_this(), callback = std::move(callback)] {
      const auto self = client.lock();
      if (self != nullptr && !self->stopped_) {
        callback(Status::unavailable("too many calls wait for a reply"));
      }
    });
    return;
  }
  calls_.push_back({std::move(args), std::move(callback), loop_.now() + timeout});
  arm(calls_.back().deadline);
  if (stream_ != nullptr) {
    send(calls_.back());
  } else if (connecting_ == nullptr && !pausing_) {
    connect();
  }
}

void Client::Impl::stop() {
  stopped_ = true;
  stream_.reset();
  connecting_.reset();
  retry_.reset();
  deadline_.reset();
  calls_.clear();
}

// ---- The connection ------------------------------------------------------------------

void Client::Impl::connect() {
  pausing_ = false;
  connecting_ = loop_.connect(
      options_.address, options_.connect_timeout,
      [this](Result<std::unique_ptr<net::Stream>> result) { on_connect(std::move(result)); });
}

void Client::Impl::on_connect(Result<std::unique_ptr<net::Stream>> result) {
  connecting_.reset();
  if (!result.ok()) {
    lose(result.status().message());
    return;
  }
  stream_ = *std::move(result);
  stream_->start(*this);
  if (options_.protocol == Protocol::kResp3) {
    hello_pending_ = true;
    write_request(stream_->output(), {"HELLO", "3"});
    stream_->flush_soon();
  }
  for (const Call& call : calls_)
    send(call);
}

void Client::Impl::send(const Call& call) {
  const std::vector<std::string_view> args(call.args.begin(), call.args.end());
  write_request(stream_->output(), args);
  stream_->flush_soon();
}

// Every call hears of it: who made it decides about another try.
void Client::Impl::lose(const std::string& why) {
  stream_.reset();
  connecting_.reset();
  input_ = Buffer();
  parser_.reset();
  hello_pending_ = false;
  pausing_ = true;
  retry_->start(backoff_.next());
  fail(std::exchange(calls_, {}), why);
}

void Client::Impl::fail(const std::deque<Call>& calls, const std::string& why) {
  const auto self = shared_from_this();
  const std::string message = fmt::format("{}: {}", options_.address.text(), why);
  const TimePoint now = loop_.now();
  for (const Call& call : calls) {
    if (stopped_) return;
    call.callback(call.deadline <= now ? Status::timeout(message) : Status::unavailable(message));
  }
}

// ---- Replies -------------------------------------------------------------------------

std::span<char> Client::Impl::read_buffer() {
  const size_t have = input_.size();
  const size_t wanted = parser_.wanted();
  return input_.prepare(wanted > have ? std::max(wanted - have, kReadBytes) : kReadBytes);
}

void Client::Impl::on_read(size_t bytes) {
  const auto self = shared_from_this();
  input_.commit(bytes);
  while (stream_ != nullptr && !input_.empty()) {
    const Parsed parsed = parser_.parse(input_.view());
    if (parsed == Parsed::kNeedMore) return;
    if (parsed == Parsed::kError) {
      lose("does not speak RESP: " + parser_.error());
      return;
    }
    Value value = parser_.take();
    input_.consume(parser_.consumed());
    on_reply(std::move(value));
  }
  if (input_.empty()) input_.release();
}

void Client::Impl::on_reply(Value value) {
  if (value.is(Value::Kind::kPush)) return;  // Answers nothing.
  if (std::exchange(hello_pending_, false)) {
    if (value.is(Value::Kind::kError)) lose("refused HELLO 3: " + value.text);
    return;
  }
  if (calls_.empty()) {
    lose("answered what was not asked");
    return;
  }
  backoff_.reset();
  const Callback callback = std::move(calls_.front().callback);
  calls_.pop_front();
  callback(std::move(value));
}

// ---- Deadlines -----------------------------------------------------------------------

void Client::Impl::arm(TimePoint deadline) {
  if (armed_for_.has_value() && *armed_for_ <= deadline) return;
  armed_for_ = deadline;
  const auto left = std::chrono::ceil<Millis>(deadline - loop_.now());
  deadline_->start(std::max(left, Millis{0}));
}

void Client::Impl::on_deadline() {
  armed_for_.reset();
  const auto is_late = [now = loop_.now()](const Call& call) { return call.deadline <= now; };
  const bool any_late = std::any_of(calls_.begin(), calls_.end(), is_late);
  if (any_late && stream_ != nullptr) {
    // The reply may yet come and would be taken for another call's: the connection goes.
    lose("no answer in time");
    return;
  }
  std::deque<Call> late;
  std::deque<Call> waiting;
  for (Call& call : calls_)
    (is_late(call) ? late : waiting).push_back(std::move(call));
  calls_ = std::move(waiting);
  for (const Call& call : calls_)
    arm(call.deadline);
  fail(late, "no connection in time");
}

// ---- Client --------------------------------------------------------------------------

Client::Client(net::Loop& loop, Random& random, Options options)
    : impl_(std::make_shared<Impl>(loop, random, std::move(options))) {}

Client::~Client() {
  impl_->stop();
}

void Client::call(std::vector<std::string> args, Millis timeout, Callback callback) {
  impl_->call(std::move(args), timeout, std::move(callback));
}

bool Client::connected() const {
  return impl_->connected();
}

const net::Address& Client::address() const {
  return impl_->address();
}

}  // namespace doris::resp
