// The link to the admin: registered once, told of every change, never told twice.
#include "resp/topology_feed.h"

#include <catch2/catch.hpp>

#include "base/random.h"
#include "base/topology/topology_codec.h"
#include "resp/session.h"
#include "tests/support/fake_loop.h"
#include "tests/topology/sample_topology.h"

namespace doris::resp {
namespace {

using Lines = std::vector<std::string>;

constexpr uint16_t kPort = 6400;

std::string topology_of(topology::Epoch epoch) {
  topology::Topology topology = topology::test::formed_topology(8, 1);
  topology.epoch = epoch;
  return topology::encode(topology);
}

// An admin that writes down what it is asked, and answers when it is told to.
class FakeAdmin {
 public:
  explicit FakeAdmin(testing::FakeLoop& loop) : loop_(loop) { come(); }

  topology::Epoch epoch = 1;
  std::string refusal;  // Of DORIS.REGISTER.
  bool answers_pulls = true;
  std::string nonsense;  // Instead of a topology.
  Lines asked;

  // How often a command was asked.
  [[nodiscard]] int64_t count(std::string_view command) const {
    return std::count_if(asked.begin(), asked.end(),
                         [&](const std::string& line) { return line.starts_with(command); });
  }

  // A new epoch, and those who watch are told.
  void change(topology::Epoch to) {
    epoch = to;
    tell(topology_of(epoch));
  }

  // Answers those who watch.
  void tell(const std::string& text) {
    for (Connection* watcher : std::exchange(watchers_, {})) {
      watcher->reply().bulk(text);
      watcher->flush_soon();
    }
    loop_.settle();
  }

  void go() {
    watchers_.clear();
    sessions_.clear();
    listener_.reset();
  }
  void come() {
    auto listener = loop_.listen({"127.0.0.1", kPort}, [this](auto accepted) {
      auto stream = loop_.adopt(std::move(accepted));
      sessions_.push_back(std::make_unique<Connection>(std::move(*stream), *this));
      sessions_.back()->start();
    });
    listener_ = std::move(*listener);
  }

 private:
  using Args = std::span<const std::string_view>;

  class Connection final : public Session {
   public:
    Connection(std::unique_ptr<net::Stream> stream, FakeAdmin& admin)
        : Session(std::move(stream), {1 << 20, 64, 1 << 16}), admin_(admin) {}

   private:
    void on_command(Args args) override {
      admin_.run(*this, args);
      flush_soon();
    }
    void on_ended(const Status&) override { std::erase(admin_.watchers_, this); }
    FakeAdmin& admin_;
  };

  void run(Connection& from, Args args) {
    asked.push_back(std::string(args[0]) + " " + std::string(args[1]));
    topology::Epoch have = 0;
    if (args[0] == "DORIS.REGISTER") {
      if (refusal.empty()) {
        from.reply().array(1).bulk(topology_of(epoch));
      } else {
        from.reply().error(refusal);
      }
      return;
    }
    have = std::stoull(std::string(args[1]));
    const bool newer = epoch > have;
    if (args[0] == "DORIS.WATCH" && !newer) {
      watchers_.push_back(&from);
    } else if (args[0] == "DORIS.WATCH" || answers_pulls) {
      newer ? from.reply().bulk(nonsense.empty() ? topology_of(epoch) : nonsense)
            : from.reply().null();
    }
  }

  testing::FakeLoop& loop_;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<Connection>> sessions_;
  std::vector<Connection*> watchers_;
};

// A feed, and what it has brought.
class RunningFeed {
 public:
  explicit RunningFeed(bool admin_is_there = true) {
    if (!admin_is_there) admin.go();
    feed = std::make_unique<TopologyFeed>(
        loop, random, TopologyFeed::Options{{"127.0.0.1", kPort}, Millis{3000}, "me:1"},
        TopologyFeed::Callbacks{[] {
                                  return Lines{"DORIS.REGISTER", "somebody"};
                                },
                                [this](const Value& reply) { return on_registered(reply); },
                                [this](const std::string& text) { return on_topology(text); },
                                [this] { return brought.empty() ? 0 : brought.back(); }});
    loop.settle();
  }

  testing::FakeLoop loop;
  FakeAdmin admin{loop};
  std::vector<topology::Epoch> brought;
  Status answer;  // What the owner says of a topology or of a registration.
  std::unique_ptr<TopologyFeed> feed;

 private:
  Status on_registered(const Value& reply) {
    if (!answer.ok()) return answer;
    return on_topology(reply.items[0].text);
  }
  Status on_topology(const std::string& text) {
    if (!answer.ok()) return answer;
    brought.push_back(topology::decode(text)->epoch);
    return Status::okay();
  }

  Random random{1};
};

using Epochs = std::vector<topology::Epoch>;

TEST_CASE("a feed registers, takes the topology it is given, and watches from there") {
  RunningFeed feed;
  CHECK(feed.feed->registered());
  CHECK(feed.feed->trouble().empty());
  CHECK(feed.brought == Epochs{1});
  CHECK(feed.admin.asked == Lines{"DORIS.REGISTER somebody", "DORIS.WATCH 1"});
}

TEST_CASE("a change comes as soon as the admin has it, and the feed watches again") {
  RunningFeed feed;
  feed.admin.change(2);
  feed.admin.change(5);
  CHECK(feed.brought == Epochs{1, 2, 5});
  CHECK(feed.admin.asked.back() == "DORIS.WATCH 5");
}

TEST_CASE("the feed pulls at its interval, so that a watch that is lost unnoticed hides nothing") {
  RunningFeed feed;
  feed.admin.epoch = 2;  // Nobody tells those who watch.
  feed.loop.advance(Millis{2900});
  CHECK(feed.brought == Epochs{1});
  feed.loop.advance(Millis{200});
  CHECK(feed.brought == Epochs{1, 2});
  feed.loop.advance(Millis{3000});
  CHECK(feed.admin.count("DORIS.PULL") == 2);
}

TEST_CASE("pull_now asks at once, but not for an epoch that is held") {
  RunningFeed feed;
  feed.feed->pull_now(1);
  feed.loop.settle();
  CHECK(feed.admin.count("DORIS.PULL") == 0);
  feed.admin.epoch = 2;
  feed.feed->pull_now(2);
  feed.loop.settle();
  CHECK(feed.brought == Epochs{1, 2});
}

TEST_CASE("no pull begins while another is under way") {
  RunningFeed feed;
  feed.admin.answers_pulls = false;
  feed.feed->pull_now(7);
  feed.loop.settle();
  feed.feed->pull_now(7);
  feed.feed->pull_now(8);
  feed.loop.settle();
  CHECK(feed.admin.count("DORIS.PULL") == 1);
  feed.loop.advance(Millis{2100});  // It is given up,
  feed.admin.answers_pulls = true;
  feed.loop.advance(Millis{3000});  // and the next one comes through.
  CHECK(feed.admin.count("DORIS.PULL") == 2);
  CHECK(feed.feed->trouble().empty());
}

TEST_CASE("before it has registered a feed pulls nothing") {
  RunningFeed feed(false);
  feed.feed->pull_now(9);
  feed.loop.advance(Millis{10'000});
  CHECK(feed.admin.asked.empty());
  CHECK_FALSE(feed.feed->registered());
}

TEST_CASE("a topology that is not newer than the one held is dropped") {
  RunningFeed feed;
  feed.admin.change(4);
  feed.admin.tell(topology_of(4));
  feed.admin.tell(topology_of(3));
  CHECK(feed.brought == Epochs{1, 4});
  CHECK(feed.feed->trouble().empty());
  feed.admin.change(5);
  CHECK(feed.brought == Epochs{1, 4, 5});
}

TEST_CASE("a refused registration is tried again, and its reason shown meanwhile") {
  RunningFeed feed(false);
  feed.admin.refusal = "REFUSED the name is taken";
  feed.admin.come();
  feed.loop.advance(Millis{1100});
  CHECK(feed.feed->trouble() == "the admin refused: REFUSED the name is taken");
  feed.loop.advance(Millis{5'000});
  // By now once a second, or up to twice by chance.
  const auto tried = feed.admin.count("DORIS.REGISTER");
  feed.loop.advance(Millis{10'000});
  const auto tried_then = feed.admin.count("DORIS.REGISTER") - tried;
  CHECK(tried_then >= 9);
  CHECK(tried_then <= 21);
  feed.admin.refusal.clear();
  feed.loop.advance(Millis{2000});
  CHECK(feed.feed->registered());
  CHECK(feed.feed->trouble().empty());
  CHECK(feed.brought == Epochs{1});
}

TEST_CASE("a refusal that is over in a moment costs no more than that") {
  RunningFeed feed(false);
  feed.admin.refusal = "ERR b1 has not been heard of since this admin started";
  feed.admin.come();
  while (feed.admin.count("DORIS.REGISTER") == 0)
    feed.loop.advance(Millis{10});
  feed.admin.refusal.clear();
  feed.loop.advance(Millis{300});
  CHECK(feed.feed->registered());
}

TEST_CASE("a registration that its owner does not like is tried again, too") {
  RunningFeed feed(false);
  feed.answer = Status::invalid("odd");
  feed.admin.come();
  feed.loop.advance(Millis{1100});
  CHECK(feed.feed->trouble() == "odd");
  feed.answer = Status::okay();
  feed.loop.advance(Millis{2100});
  CHECK(feed.feed->registered());
}

TEST_CASE("an admin that is not there is tried until it is") {
  RunningFeed feed(false);
  feed.loop.advance(Millis{5000});
  CHECK_FALSE(feed.feed->trouble().empty());
  feed.admin.come();
  feed.loop.advance(Millis{3000});
  CHECK(feed.feed->registered());
  CHECK(feed.brought == Epochs{1});
}

TEST_CASE("when the admin has been away, the feed watches again and learns what it missed") {
  RunningFeed feed;
  feed.admin.go();
  feed.loop.advance(Millis{20'000});
  CHECK_FALSE(feed.feed->trouble().empty());
  feed.admin.epoch = 3;
  feed.admin.come();
  feed.loop.advance(Millis{3000});
  CHECK(feed.brought == Epochs{1, 3});
  CHECK(feed.feed->trouble().empty());
  CHECK(feed.admin.count("DORIS.REGISTER") == 1);  // The admin has not forgotten it.
  feed.admin.change(4);
  CHECK(feed.brought == Epochs{1, 3, 4});
}

TEST_CASE("a watch that is not answered in time is made again") {
  RunningFeed feed;
  feed.loop.advance(Millis{14'000});
  CHECK(feed.admin.count("DORIS.WATCH") == 2);
}

TEST_CASE("what is no topology, or one that the owner does not like, is told and asked for again") {
  RunningFeed feed;
  SECTION("no topology") {
    feed.admin.nonsense = "hello";
    feed.admin.epoch = 2;
    feed.admin.tell("hello");
    CHECK(feed.feed->trouble().starts_with("topology from the admin"));
    feed.admin.nonsense.clear();
  }
  SECTION("not liked") {
    feed.answer = Status::invalid("not mine");
    feed.admin.change(2);
    CHECK(feed.feed->trouble() == "not mine");
    feed.answer = Status::okay();
  }
  CHECK(feed.admin.count("DORIS.WATCH") < 10);  // Not in a circle.
  feed.loop.advance(Millis{3000});
  CHECK(feed.brought == Epochs{1, 2});
  CHECK(feed.feed->trouble().empty());
}

TEST_CASE("a feed may end at any time") {
  RunningFeed feed;
  feed.feed->pull_now(9);
  feed.feed.reset();
  feed.admin.change(2);
  feed.loop.advance(Millis{20'000});
  CHECK(feed.brought == Epochs{1});
}

}  // namespace
}  // namespace doris::resp
