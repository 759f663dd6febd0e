// A Session that keeps what it was told, and the other end of its connection.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "resp/session.h"
#include "tests/support/fake_loop.h"

namespace doris::resp {

using Commands = std::vector<std::string>;  // Each with its arguments joined by spaces.

// Answers every command with itself, after doing what the script has for its first word.
class RecordingSession final : public Session, private net::PassTask {
 public:
  RecordingSession(testing::FakeLoop& loop, std::unique_ptr<net::Stream> stream)
      : Session(std::move(stream), {64UL << 20, 1024, 64 * 1024}), loop_(loop) {}
  ~RecordingSession() override { loop_.cancel(*this); }

  std::map<std::string, std::function<void(RecordingSession&)>> script;
  std::function<void()> at_pass_end;  // Of every pass that ran a command.
  bool keeps_protocol_errors = false;
  bool answers = true;  // False: the command being run is not answered.

  Commands commands;
  Commands protocol_errors;
  Status why;
  int ends = 0;
  int depth_max = 0;

  using Session::drop_mark;
  using Session::mark;
  using Session::marked;
  using Session::rewind;

 private:
  void on_command(std::span<const std::string_view> args) override {
    depth_max = std::max(depth_max, ++depth_);
    std::string command(args[0]);
    for (const std::string_view arg : args.subspan(1))
      command.append(" ").append(arg);
    commands.push_back(command);
    answers = true;
    if (args[0] == "quit") answer(command);  // The script closes.
    const auto found = script.find(std::string(args[0]));
    if (found != script.end() && found->second) found->second(*this);
    if (args[0] != "quit" && answers && !ended()) answer(command);
    loop_.schedule(*this);
    --depth_;
  }

  void answer(const std::string& command) {
    reply().simple(command.substr(0, 100));
    flush_soon();
  }

  void on_protocol_error(std::string_view text) override {
    protocol_errors.emplace_back(text);
    if (!keeps_protocol_errors) Session::on_protocol_error(text);
  }

  void on_ended(const Status& status) override {
    why = status;
    ++ends;
  }

  void on_pass_end() override {
    if (at_pass_end) at_pass_end();
    if (!ended()) flush_soon();
  }

  testing::FakeLoop& loop_;
  int depth_ = 0;
};

// A session, and who talks to it.
class Conversation {
 public:
  testing::FakeLoop loop;

 private:
  using Ends = decltype(loop.connected_pair());
  Ends ends_ = loop.connected_pair();

 public:
  Conversation() { session.start(); }

  void send(std::string_view bytes) {
    far->out().bytes += bytes;
    loop.settle();
  }

  [[nodiscard]] const std::string& received() const { return far->in().bytes; }
  [[nodiscard]] bool far_saw_end() const { return far->in().sender_gone; }

  std::unique_ptr<testing::FakeStream> far = std::move(ends_.second);
  RecordingSession session{loop, std::move(ends_.first)};
};

}  // namespace doris::resp
