#include "router/epoch_seeker.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/net/loop_thread.h"
#include "resp/session.h"

namespace doris::router {
namespace {

using topology::Node;
using topology::NodeState;

constexpr Millis kPatience{20'000};

// The control port of a data server, which answers DORIS.PULL only. Lives on a loop.
class FakeServer {
 public:
  FakeServer(net::Loop& loop, std::string text) : loop_(loop), text_(std::move(text)) {
    auto listener = loop_.listen({"127.0.0.1", 0}, [this](auto accepted) {
      auto stream = loop_.adopt(std::move(accepted));
      sessions_.push_back(std::make_unique<Connection>(std::move(*stream), *this));
      sessions_.back()->start();
    });
    listener_ = std::move(*listener);
  }

  [[nodiscard]] Node node(NodeState state) const {
    Node node;
    node.state = state;
    node.host = "127.0.0.1";
    node.port = listener_->port();
    return node;
  }

  int pulls = 0;
  std::string last_epoch;

 private:
  class Connection final : public resp::Session {
   public:
    Connection(std::unique_ptr<net::Stream> stream, FakeServer& server)
        : resp::Session(std::move(stream), {1 << 20, 64, 1 << 16}), server_(server) {}

   private:
    void on_command(std::span<const std::string_view> args) override {
      ++server_.pulls;
      server_.last_epoch = args[1];
      if (server_.text_.empty()) {
        reply().null();
      } else {
        reply().bulk(server_.text_);
      }
      flush_soon();
    }
    void on_ended(const Status&) override {}
    FakeServer& server_;
  };

  net::Loop& loop_;
  const std::string text_;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<Connection>> sessions_;
};

// A seeker and three servers, of which one is behind, one knows, and one has failed.
class Search {
 public:
  Search() : thread_("seeker") {
    on_thread([this] {
      behind = std::make_unique<FakeServer>(thread_.loop(), "");
      knows = std::make_unique<FakeServer>(thread_.loop(), "epoch 7");
      failed = std::make_unique<FakeServer>(thread_.loop(), "epoch 9");
      seeker_ =
          std::make_unique<EpochSeeker>(thread_.loop(), random_,
                                        EpochSeeker::Callbacks{[this] { return held; },
                                                               [this](const std::string& text) {
                                                                 got += text;
                                                                 held = 7;
                                                               }});
    });
  }
  ~Search() {
    on_thread([this] {
      seeker_.reset();
      behind.reset();
      knows.reset();
      failed.reset();
    });
  }

  void on_thread(const std::function<void()>& work) { thread_.run_and_wait(work); }

  void want(topology::Epoch epoch) {
    on_thread([&] { seek(epoch); });
  }
  // On the thread.
  void seek(topology::Epoch epoch) {
    seeker_->want(epoch, {behind->node(NodeState::kUp), knows->node(NodeState::kRecovering),
                          failed->node(NodeState::kTempFailed)});
  }
  net::Loop& loop() { return thread_.loop(); }
  bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    bool held_now = false;
    while (!held_now && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(Millis{2});
      on_thread([&] { held_now = holds(); });
    }
    return held_now;
  }

  topology::Epoch held = 5;
  std::string got;
  std::unique_ptr<FakeServer> behind;
  std::unique_ptr<FakeServer> knows;
  std::unique_ptr<FakeServer> failed;

 private:
  Random random_{3};
  net::LoopThread thread_;
  std::unique_ptr<EpochSeeker> seeker_;
};

TEST_CASE("an epoch that the admin does not tell is found at a data server") {
  Search search;
  search.want(7);
  CHECK(search.eventually([&] { return search.got == "epoch 7"; }));
  search.on_thread([&] {
    CHECK(search.knows->last_epoch == "5");
    CHECK(search.failed->pulls == 0);
  });
}

TEST_CASE("what nobody has is sought again when it is wanted again") {
  Search search;
  search.on_thread([&] { search.knows = std::make_unique<FakeServer>(search.loop(), ""); });
  search.want(8);
  const auto both_asked = [&](int times) {
    return
        [&search, times] { return search.behind->pulls == times && search.knows->pulls == times; };
  };
  REQUIRE(search.eventually(both_asked(1)));
  CHECK(search.eventually([&] {
    search.seek(8);
    return both_asked(2)();
  }));
  search.on_thread([&] { CHECK(search.got.empty()); });
}

TEST_CASE("what is held is not sought") {
  Search search;
  search.want(5);
  search.want(7);  // After which nothing of the first can come any more.
  CHECK(search.eventually([&] { return search.got == "epoch 7"; }));
  search.want(7);
  search.on_thread([&] { CHECK(search.knows->pulls == 1); });
}

}  // namespace
}  // namespace doris::router
