// Server: a loop on its own thread that listens on 127.0.0.1, and its Connections.
//
// A Connection lives on the loop's thread; a test touches it in Server::on_loop() only. That
// is also the only place on another thread where a test may CHECK: Catch knows no threads,
// but there its own thread waits.
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/net/loop_thread.h"
#include "base/net/stream.h"
#include "tests/net/peer.h"

namespace doris::net {

// A stream and its handler, which notes what happens to it and reacts as a test wishes.
class Connection final : public StreamHandler {
 public:
  using Reaction = std::function<void(Connection&)>;

  explicit Connection(std::unique_ptr<Stream> accepted) : stream(std::move(accepted)) {}

  void write(std::string_view bytes) {
    stream->output().append(bytes);
    stream->flush_soon();
  }

  std::unique_ptr<Stream> stream;
  std::string received;
  std::vector<Status> ends;
  int drained = 0;
  Reaction on_bytes = [](Connection&) {};
  Reaction on_ended = [](Connection&) {};
  Reaction on_sent = [](Connection&) {};

 private:
  std::span<char> read_buffer() override { return room_; }
  void on_read(size_t bytes) override {
    received.append(room_.data(), bytes);
    on_bytes(*this);
  }
  void on_end(const Status& why) override {
    ends.push_back(why);
    on_ended(*this);
  }
  void on_drained() override {
    ++drained;
    on_sent(*this);
  }

  std::vector<char> room_ = std::vector<char>(64 * 1024);
};

class Server {
 public:
  // `prepare` sees each new connection before it starts to read.
  explicit Server(Connection::Reaction prepare = [](Connection&) {})
      : prepare_(std::move(prepare)) {
    on_loop([this] {
      auto listener =
          loop().listen({"127.0.0.1", 0}, [this](auto accepted) { adopt(std::move(accepted)); });
      REQUIRE(listener.ok());
      listener_ = std::move(*listener);
    });
  }
  ~Server() {
    on_loop([this] {
      connections_.clear();
      listener_.reset();
    });
  }

  [[nodiscard]] uint16_t port() const { return listener_->port(); }
  [[nodiscard]] Loop& loop() { return thread_.loop(); }

  void on_loop(const std::function<void()>& function) { thread_.run_and_wait(function); }

  // Whether `condition`, asked on the loop again and again, becomes true.
  bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kPatienceSeconds);
    bool holds = false;
    while (!holds && std::chrono::steady_clock::now() < deadline) {
      on_loop([&] { holds = condition(); });
      if (!holds) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return holds;
  }

  // The first connection, awaited.
  Connection& connection() {
    REQUIRE(eventually([this] { return !connections_.empty(); }));
    return *connections_.front();
  }

 private:
  void adopt(std::unique_ptr<Accepted> accepted) {
    auto stream = loop().adopt(std::move(accepted));
    if (!stream.ok()) return;
    Connection& made = *connections_.emplace_back(std::make_unique<Connection>(std::move(*stream)));
    prepare_(made);
    if (made.stream != nullptr) made.stream->start(made);
  }

  LoopThread thread_{"test-server"};
  const Connection::Reaction prepare_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

// A text that shows lost, repeated and swapped bytes: no two blocks of 8 are the same.
inline std::string numbered_bytes(size_t bytes) {
  std::string text;
  text.reserve(bytes + 8);
  for (uint64_t i = 0; text.size() < bytes; ++i) {
    const uint64_t mixed = i * 0x9E3779B97F4A7C15ULL;
    text.append(reinterpret_cast<const char*>(&mixed), sizeof mixed);
  }
  text.resize(bytes);
  return text;
}

}  // namespace doris::net
