#include "tests/sim/sim_client.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "tests/checker/key_model.h"

namespace doris::sim {

using checker::Operation;
using checker::Words;

namespace {

constexpr Micros kPauseMax{3'000};  // Between two commands.
constexpr Micros kPauseAfterTroubleMax{50'000};

// Nobody has begun what it asked for. To keep it as unknown would only make the judgement harder.
bool never_began(const checker::Operation& operation) {
  if (operation.returned || operation.reply.ends_with("take effect")) return false;
  return operation.reply.starts_with("-LOADING") ||
         operation.reply.find("connection refused") != std::string::npos;
}

}  // namespace

SimClient::SimClient(Network& network, Options options, checker::Histories& histories)
    : options_(std::move(options)),
      histories_(histories),
      process_(network, fmt::format("10.0.4.{}", options_.number),
               fmt::format("client-{}", options_.number)),
      world_(network.world()),
      random_(world_.random().next()),
      workload_(options_.number) {
  pause_ = process_.loop().timer([this] {
    if (!stopped_) ask_some();
  });
  choose_router();
  ask_soon(kPauseMax);
}

SimClient::~SimClient() = default;

void SimClient::choose_router() {
  const net::Address& address = options_.routers[random_.below(options_.routers.size())];
  connection_ = std::make_unique<resp::Client>(process_.loop(), random_,
                                               resp::Client::Options{.address = address});
}

void SimClient::ask_soon(Micros pause_max) {
  const auto pause = static_cast<uint64_t>(pause_max.count());
  pause_->start(
      std::chrono::duration_cast<Millis>(Micros{static_cast<int64_t>(random_.below(pause + 1))}));
}

void SimClient::read(const std::string& key) {
  DORIS_CHECK(idle() && stopped_, "the client has nothing else to do");
  ask({"GET", key});
}

void SimClient::ask_some() {
  const uint64_t number = random_.below(options_.keys);
  const bool several = options_.pipelines && random_.below(3) == 0;
  for (uint64_t left = several ? 2 + random_.below(3) : 1; left > 0; --left)
    ask(choose_command(number));
}

Words SimClient::choose_command(uint64_t number) {
  const std::string key = fmt::format("key-{}", number);
  if (options_.only_increments) return workload_.command(checker::Mix::kIncrements, key, random_);
  if (!options_.atomic_commands) return workload_.command(checker::Mix::kBlind, key, random_);
  (void)random_.next();  // So that seeds tell the stories that they have always told.
  const bool counts = number % 2 == 1;
  return workload_.command(counts ? checker::Mix::kCounting : checker::Mix::kAtomic, key, random_);
}

void SimClient::ask(Words command) {
  Operation operation{options_.number, command, world_.elapsed()};
  operation.pipelined = waiting_ > 0;
  ++waiting_;
  connection_->call(std::move(command), options_.patience,
                    [this, operation = std::move(operation)](const Result<resp::Value>& reply) {
                      on_reply(operation, reply);
                    });
}

void SimClient::on_reply(Operation operation, const Result<resp::Value>& reply) {
  --waiting_;
  const bool told = reply.ok() && !reply->is(resp::Value::Kind::kError);
  if (reply.ok() && !told) ++refused_;
  if (told) {
    operation.returned = world_.elapsed();
    operation.reply = checker::text_of(*reply);
    ++answered_;
  } else {
    operation.reply = reply.ok() ? checker::text_of(*reply) : reply.status().message();
  }
  world_.note(operation.reply, options_.number);
  if (!never_began(operation)) histories_[operation.command[1]].push_back(operation);
  in_trouble_ = in_trouble_ || !told;
  if (waiting_ > 0) return;
  if (in_trouble_) choose_router();  // The connection may be the one that calls: it allows that.
  ask_soon(std::exchange(in_trouble_, false) ? kPauseAfterTroubleMax : kPauseMax);
}

}  // namespace doris::sim
