#include "tests/sim/sim_client.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"
#include "tests/sim/key_model.h"

namespace doris::sim {
namespace {

constexpr Micros kPauseMax{3'000};  // Between two commands.
constexpr Micros kPauseAfterTroubleMax{50'000};

// Every so often a command of each, weighted by how often it stands here.
constexpr std::array kBlind{"GET", "GET", "GET", "SET", "SET", "SET", "DEL", "EXISTS"};
constexpr std::array kAtomic{"GET",   "GET",    "SET",    "DEL",    "APPEND",
                             "SETNX", "GETSET", "GETDEL", "SET NX", "SET XX"};
constexpr std::array kCounting{"GET", "INCR", "INCR", "INCR", "DEL"};

template <size_t kCount>
std::string one_of(const std::array<const char*, kCount>& names, Random& random) {
  return names[random.below(kCount)];
}

}  // namespace

SimClient::SimClient(Network& network, Options options, Histories& histories)
    : options_(std::move(options)),
      histories_(histories),
      process_(network, fmt::format("10.0.4.{}", options_.number),
               fmt::format("client-{}", options_.number)),
      world_(network.world()),
      random_(world_.random().next()) {
  pause_ = process_.loop().timer([this] {
    if (!stopped_) ask(choose_command());
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

Words SimClient::choose_command() {
  const uint64_t key = random_.below(options_.keys);
  const bool counts = options_.atomic_commands && key % 2 == 1;
  std::string name = one_of(kBlind, random_);
  if (options_.atomic_commands)
    name = counts ? one_of(kCounting, random_) : one_of(kAtomic, random_);
  Words command{name.substr(0, name.find(' ')), fmt::format("key-{}", key)};
  if (name.starts_with("SET") || name == "GETSET" || name == "APPEND")
    command.push_back(fmt::format("{}.{}", options_.number, next_value_++));
  if (name.find(' ') != std::string::npos) command.push_back(name.substr(name.find(' ') + 1));
  return command;
}

void SimClient::ask(Words command) {
  waiting_ = true;
  Operation operation{options_.number, command, world_.elapsed()};
  connection_->call(std::move(command), options_.patience,
                    [this, operation = std::move(operation)](const Result<resp::Value>& reply) {
                      on_reply(operation, reply);
                    });
}

void SimClient::on_reply(Operation operation, const Result<resp::Value>& reply) {
  waiting_ = false;
  const bool told = reply.ok() && !reply->is(resp::Value::Kind::kError);
  if (reply.ok() && !told) ++refused_;
  if (told) {
    operation.returned = world_.elapsed();
    operation.reply = text_of(*reply);
    ++answered_;
  } else {
    operation.reply = reply.ok() ? text_of(*reply) : reply.status().message();
  }
  world_.note(operation.reply, options_.number);
  histories_[operation.command[1]].push_back(operation);
  if (!told) choose_router();  // The connection may be the one that calls: it allows that.
  ask_soon(told ? kPauseMax : kPauseAfterTroubleMax);
}

}  // namespace doris::sim
