// Two programs in a simulated world, and what the network between them does.
#include <catch2/catch.hpp>
#include <deque>
#include <string>

#include "tests/sim/process.h"

namespace doris::sim {
namespace {

// One end of a connection: writes down what it is told.
class Talker final : private net::StreamHandler {
 public:
  void take(std::unique_ptr<net::Stream> stream) {
    stream_ = std::move(stream);
    stream_->start(*this);
  }
  void say(std::string_view bytes) {
    stream_->output().append(bytes);
    stream_->flush_soon();
  }
  void leave() { stream_.reset(); }

  [[nodiscard]] bool connected() const { return stream_ != nullptr; }
  [[nodiscard]] const std::string& heard() const { return heard_; }
  [[nodiscard]] Code end() const { return end_; }  // kOk until there is one.

 private:
  std::span<char> read_buffer() override { return buffer_; }
  void on_read(size_t bytes) override { heard_.append(buffer_, bytes); }
  void on_end(const Status& why) override { end_ = why.code(); }

  char buffer_[7];  // Small, so that one read is not enough.
  std::string heard_;
  Code end_ = Code::kOk;
  std::unique_ptr<net::Stream> stream_;
};

// A caller and a callee, on a machine each.
class TwoMachines {
 public:
  TwoMachines() {
    auto listener = callee_.loop().listen(
        kThere, [this](auto accepted) { there_.take(*callee_.loop().adopt(std::move(accepted))); });
    REQUIRE(listener.ok());
    listener_ = *std::move(listener);
  }

  void connect(Millis timeout = Millis{1000}) {
    connecting_ = caller_.loop().connect(kThere, timeout, [this](auto stream) {
      result_ = stream.ok() ? Code::kOk : stream.code();
      if (stream.ok()) here_.take(*std::move(stream));
    });
    run();
  }
  void run(Millis time = Millis{200}) { world_.run_for(time); }

  // As kill -9 does to the callee.
  void kill_callee(Connection::Ending ending) {
    callee_.die(ending);
    there_.leave();
    listener_.reset();
  }

 protected:
  const net::Address kThere{"10.0.0.2", 7000};
  World world_{GENERATE(1, 2, 3)};
  Network network_{world_};
  Process caller_{network_, "10.0.0.1", "caller"};
  Process callee_{network_, kThere.host, "callee"};
  std::unique_ptr<net::Listener> listener_;
  std::unique_ptr<net::Connecting> connecting_;
  Code result_ = Code::kInvalid;  // Of connect(); kInvalid: none yet.
  Talker here_;
  Talker there_;
};

TEST_CASE_METHOD(TwoMachines, "what is sent arrives, in order, after a while") {
  connect();
  REQUIRE(there_.connected());
  std::string said;
  for (int i = 0; i < 300; ++i) {
    const std::string words = "<" + std::to_string(i) + " and more>";
    run(Millis{i % 3});
    here_.say(words);
    said += words;
  }
  CHECK(there_.heard().size() < said.size());
  run();
  CHECK(there_.heard() == said);
}

TEST_CASE_METHOD(TwoMachines, "a connection that is left is over for the other end, too") {
  connect();
  here_.say("goodbye");
  run();
  here_.leave();
  run();
  CHECK(there_.heard() == "goodbye");
  CHECK(there_.end() == Code::kClosed);
}

TEST_CASE_METHOD(TwoMachines, "where nobody listens, nobody answers") {
  listener_.reset();
  connect();
  CHECK(result_ == Code::kUnavailable);
}

TEST_CASE_METHOD(TwoMachines, "a link that is cut holds what is sent, and tells nobody") {
  connect();
  network_.cut(caller_.machine(), callee_.machine());
  here_.say("held");
  there_.say("through");
  run(Millis{10'000});
  CHECK(there_.heard().empty());
  CHECK(here_.heard() == "through");
  CHECK(here_.end() == Code::kOk);
  network_.mend_all();
  run();
  const bool arrived = there_.heard() == "held" && there_.end() == Code::kOk;
  const bool lost = there_.end() == Code::kIo && here_.end() == Code::kIo;
  CHECK(arrived != lost);
}

TEST_CASE_METHOD(TwoMachines, "an attempt to connect through a cut link times out") {
  network_.cut(callee_.machine(), caller_.machine());
  connect(Millis{100});
  CHECK(result_ == Code::kTimeout);
  run(Millis{5000});
  CHECK_FALSE(here_.connected());
}

TEST_CASE_METHOD(TwoMachines, "an attempt to connect goes on when the link is whole again") {
  network_.cut_both_ways(callee_.machine(), caller_.machine());
  connect(Millis{10'000});
  CHECK(result_ == Code::kInvalid);
  network_.mend_all();
  run(Millis{3000});
  CHECK(result_ == Code::kOk);
  CHECK(there_.connected());
}

TEST_CASE_METHOD(TwoMachines, "a process that is killed says nothing more, its kernel does") {
  connect();
  SECTION("that it has closed, behind what it had sent") {
    there_.say("last words");
    world_.run_until([] { return false; }, Micros{30});  // They have left.
    kill_callee(Connection::Ending::kFinish);
    run();
    CHECK(here_.end() == Code::kClosed);
  }
  SECTION("that it knows of no connection") {
    kill_callee(Connection::Ending::kReset);
    run();
    CHECK(here_.end() == Code::kIo);
  }
  CHECK_FALSE(there_.connected());
  connect();
  CHECK(result_ == Code::kUnavailable);
}

TEST_CASE_METHOD(TwoMachines, "a machine without power answers nothing until it is back") {
  connect();
  network_.set_power(callee_.machine(), false);
  kill_callee(Connection::Ending::kSilent);
  here_.say("hello?");
  run(Millis{5000});
  CHECK(here_.end() == Code::kOk);
  network_.set_power(callee_.machine(), true);
  run();
  CHECK(here_.end() == Code::kIo);
}

TEST_CASE_METHOD(TwoMachines, "a process that is frozen hears nothing, and later all") {
  callee_.freeze();
  connect();
  CHECK(result_ == Code::kOk);  // By its kernel.
  here_.say("anybody there?");
  run(Millis{5000});
  CHECK_FALSE(there_.connected());
  callee_.thaw();
  run();
  CHECK(there_.heard() == "anybody there?");
}

TEST_CASE_METHOD(TwoMachines, "nothing arrives on a connection behind its reset") {
  connect();
  network_.reset_some(100);
  for (int i = 0; i < 100; ++i) {
    here_.say("lost");
    run(Millis{1});
  }
  CHECK(there_.end() == Code::kIo);
  CHECK(there_.heard().find_first_not_of("lost") == std::string::npos);
  const size_t heard = there_.heard().size();
  here_.say("more");
  run();
  CHECK(there_.heard().size() == heard);
}

TEST_CASE_METHOD(TwoMachines, "timers fire at their times, and again if asked to") {
  std::vector<int64_t> fired;
  const auto began = world_.elapsed();
  auto timer = caller_.loop().timer([&] {
    fired.push_back(std::chrono::duration_cast<Millis>(world_.elapsed() - began).count());
  });
  timer->start(Millis{10}, Millis{20});
  run(Millis{60});
  CHECK(fired == std::vector<int64_t>{10, 30, 50});
  timer->stop();
  run();
  CHECK(fired.size() == 3);
}

}  // namespace
}  // namespace doris::sim
