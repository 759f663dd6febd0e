#include "tests/integration/load_client.h"

#include <sstream>
#include <thread>
#include <utility>

#include "tests/checker/key_model.h"

namespace doris::integration {
namespace {

using checker::Micros;

constexpr uint64_t kPauseMaxUs = 1'000;  // Between two commands: the machine has other work.
constexpr Millis kPauseAfterTrouble{20};

}  // namespace

std::string text_of(const Reply& reply) {
  switch (reply.kind) {
    case Reply::kNil:
      return "nil";
    case Reply::kStatus:
      return "+" + reply.text;
    case Reply::kError:
      return "-" + reply.text;
    case Reply::kInteger:
      return ":" + std::to_string(reply.number);
    case Reply::kBulk:
      return "$" + reply.text;
    default:
      return reply.text;
  }
}

LoadClient::LoadClient(uint32_t number, std::vector<Endpoint> routers, HotKeys& keys,
                       Clock::time_point beginning)
    : number_(number),
      routers_(std::move(routers)),
      beginning_(beginning),
      keys_(keys),
      random_(number),
      workload_(number),
      connection_(routers_[first_router()]) {}

void LoadClient::run(const std::atomic<bool>& finished) {
  while (!finished) {
    ask();
    std::this_thread::sleep_for(Micros{random_.below(kPauseMaxUs)});
  }
}

void LoadClient::ask() {
  if (!waits_since_) waits_since_ = now();
  if (!connection_.connected() && !connect()) return;
  const HotKeys::Key key = keys_.choose(random_);
  checker::Operation operation{.client = number_,
                               .command = workload_.command(key.mix, key.name, random_)};
  if (key.only_read) operation.command = {"GET", key.name};
  operation.invoked = now();
  const Reply reply = connection_.command(operation.command);
  if (reply.kind == Reply::kError || reply.kind == Reply::kLost) {
    return on_trouble(std::move(operation), reply);
  }
  operation.returned = now();
  operation.reply = text_of(reply);
  on_answer(std::move(operation));
}

void LoadClient::on_answer(checker::Operation operation) {
  const Micros since = *std::exchange(waits_since_, std::nullopt);
  waits_.push_back(
      {*operation.returned, *operation.returned - since, checker::is_write(operation.command)});
  history_.push_back(std::move(operation));
  ++answered_;
}

void LoadClient::on_trouble(checker::Operation operation, const Reply& reply) {
  operation.reply = text_of(reply);
  keys_.wear_out();
  if (reply.kind == Reply::kLost) ++broken_;
  if (reply.kind == Reply::kError && ++refused_ == 1) refusal_ = checker::describe({operation});
  history_.push_back(std::move(operation));
  std::this_thread::sleep_for(kPauseAfterTrouble);
  if (reply.kind == Reply::kError) connect();
}

bool LoadClient::connect() {
  connection_ = RedisClient(routers_[random_.below(routers_.size())]);
  if (connection_.connected()) return true;
  ++broken_;
  std::this_thread::sleep_for(kPauseAfterTrouble);
  return false;
}

Micros LoadClient::now() const {
  return std::chrono::duration_cast<Micros>(Clock::now() - beginning_);
}

}  // namespace doris::integration
