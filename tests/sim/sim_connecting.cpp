#include "tests/sim/sim_connecting.h"

#include <utility>

#include "tests/sim/process.h"
#include "tests/sim/sim_listener.h"
#include "tests/sim/sim_stream.h"

namespace doris::sim {
namespace {

constexpr Micros kAgain{1'000'000};

}  // namespace

// Lives as long as a message of it is on its way.
struct SimConnecting::Attempt : std::enable_shared_from_this<Attempt> {
  Attempt(SimLoop& of, net::Address to, net::Loop::ConnectCallback then)
      : loop(of), network(of.process().network()), address(std::move(to)), on_connect(then) {}

  // Sends `message` once the link lets it through.
  void send(const std::string& from, const std::string& to, void (Attempt::*message)(),
            Micros delay) {
    network.world().after(delay, [self = shared_from_this(), from, to, message] {
      if (self->done) return;
      if (self->network.reaches(from, to)) {
        (*self.*message)();
      } else {
        self->send(from, to, message, kAgain);
      }
    });
  }

  void ask() { send(machine(), address.host, &Attempt::on_asked, network.latency()); }

  // At the callee's kernel. Nobody needs to be awake there.
  void on_asked() {
    SimListener* const listener = network.listener(address);
    if (listener != nullptr) {
      connection =
          network.connect({.machine = machine(), .process = loop.process().id()},
                          {.machine = address.host, .process = listener->loop().process().id()});
      listener->arrive(connection);
    }
    send(address.host, machine(), &Attempt::on_answer, network.latency());
  }

  // Back at the caller's kernel: the callback runs in a pass.
  void on_answer() {
    loop.post([self = shared_from_this()] {
      if (self->done) return;
      if (self->connection == nullptr) {
        self->end(Status::unavailable(self->address.text() + ": connection refused"));
      } else {
        self->end(std::unique_ptr<net::Stream>(std::make_unique<SimStream>(
            self->loop, std::exchange(self->connection, nullptr), Connection::kCaller)));
      }
    });
  }

  void end(Result<std::unique_ptr<net::Stream>> result) {
    cancel();
    const net::Loop::ConnectCallback callback = std::move(on_connect);
    callback(std::move(result));
  }

  void cancel() {
    done = true;
    if (connection != nullptr) connection->close(Connection::kCaller, Connection::Ending::kFinish);
    connection.reset();
  }

  [[nodiscard]] const std::string& machine() const { return loop.process().machine(); }

  SimLoop& loop;  // Outlives the SimConnecting, whose end sets `done`.
  Network& network;
  const net::Address address;
  net::Loop::ConnectCallback on_connect;
  std::shared_ptr<Connection> connection;
  bool done = false;
};

SimConnecting::SimConnecting(SimLoop& loop, net::Address address, Millis timeout,
                             net::Loop::ConnectCallback on_connect)
    : attempt_(std::make_shared<Attempt>(loop, std::move(address), std::move(on_connect))),
      timeout_(loop.timer([attempt = attempt_] {
        if (!attempt->done) attempt->end(Status::timeout(attempt->address.text() + ": no answer"));
      })) {
  timeout_->start(timeout);
  attempt_->ask();
}

SimConnecting::~SimConnecting() {
  attempt_->cancel();
}

}  // namespace doris::sim
