#include "resp/session.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/random.h"
#include "tests/base/captured_output.h"
#include "tests/resp/recording_session.h"

namespace doris::resp {
namespace {

// Idle sessions are counted in ten thousands.
static_assert(sizeof(Session) < 400);

TEST_CASE("commands are run in order and their replies leave together") {
  Conversation talk;
  talk.send("*1\r\n$1\r\na\r\nb 1\r\n*1\r\n$1\r\nc\r\n");
  CHECK(talk.session.commands == Commands{"a", "b 1", "c"});
  CHECK(talk.received() == "+a\r\n+b 1\r\n+c\r\n");
}

TEST_CASE("a command that arrives in pieces is run once") {
  Conversation talk;
  for (const char byte : std::string_view("*2\r\n$3\r\nget\r\n$1\r\nk\r\n"))
    talk.send({&byte, 1});
  CHECK(talk.session.commands == Commands{"get k"});
}

TEST_CASE("empty commands are passed over") {
  Conversation talk;
  talk.send("\r\n*0\r\n\na\r\n");
  CHECK(talk.session.commands == Commands{"a"});
}

TEST_CASE("a bulk larger than a read arrives whole") {
  Conversation talk;
  const std::string big(5 * kReadBytes + 17, 'x');
  talk.send("*2\r\n$3\r\nset\r\n$" + std::to_string(big.size()) + "\r\n" + big + "\r\na\r\n");
  REQUIRE(talk.session.commands.size() == 2);
  CHECK(talk.session.commands[0] == "set " + big);
}

// ---- Back-pressure ----

TEST_CASE("a held session reads nothing, and goes on with what had arrived") {
  Conversation talk;
  talk.session.script["stop"] = [&](auto& session) { session.hold(); };
  talk.send("a\r\nstop\r\nb\r\nc\r\n");
  CHECK(talk.session.commands == Commands{"a", "stop"});
  talk.send("d\r\n");
  CHECK(talk.session.commands == Commands{"a", "stop"});
  CHECK(talk.far->out().bytes == "d\r\n");  // Still with the kernel.
  talk.session.release();
  CHECK(talk.session.commands == Commands{"a", "stop", "b", "c"});
  talk.loop.settle();
  CHECK(talk.session.commands == Commands{"a", "stop", "b", "c", "d"});
}

TEST_CASE("hold and release inside one command change nothing") {
  Conversation talk;
  talk.session.script["both"] = [](auto& session) {
    session.hold();
    session.release();
  };
  talk.send("both\r\nb\r\n");
  CHECK(talk.session.commands == Commands{"both", "b"});
  CHECK(talk.session.depth_max == 1);
}

TEST_CASE("release from inside a command of the same session does not nest") {
  Conversation talk;
  talk.session.script["go"] = [](auto& session) { session.release(); };
  talk.send("go\r\na\r\nb\r\n");
  CHECK(talk.session.commands == Commands{"go", "a", "b"});
  CHECK(talk.session.depth_max == 1);
}

// ---- Ends ----

TEST_CASE("close inside a command sends what was written and runs no more") {
  Conversation talk;
  talk.session.script["quit"] = [](auto& session) { session.close(); };
  talk.send("a\r\nquit\r\nb\r\n");
  CHECK(talk.session.commands == Commands{"a", "quit"});
  CHECK(talk.session.ended());
  CHECK(talk.session.ends == 1);
  CHECK(talk.received() == "+a\r\n+quit\r\n");
  CHECK(talk.far_saw_end());
}

TEST_CASE("a second close, and every call after the end, does nothing") {
  Conversation talk;
  talk.session.close();
  talk.session.close();
  talk.session.hold();
  talk.session.release();
  talk.session.mark();
  talk.session.rewind();
  talk.session.drop_mark();
  CHECK(talk.session.ends == 1);
  CHECK(talk.session.unsent() == 0);
}

TEST_CASE("broken protocol is answered after the commands before it, then closed") {
  Conversation talk;
  talk.send("a\r\n*1\r\nx\r\nb\r\n");
  CHECK(talk.session.commands == Commands{"a"});
  CHECK(talk.received() == "+a\r\n-ERR Protocol error: expected '$', got 'x'\r\n");
  CHECK(talk.far_saw_end());
  CHECK(talk.session.ends == 1);
}

TEST_CASE("a session may put its farewell to broken protocol off") {
  Conversation talk;
  talk.session.keeps_protocol_errors = true;
  talk.send("a\r\n*x\r\n");
  talk.send("b\r\n");
  CHECK(talk.session.protocol_errors == Commands{"ERR Protocol error: invalid multibulk length"});
  CHECK(talk.session.commands == Commands{"a"});
  CHECK_FALSE(talk.session.ended());
  talk.session.close();
  CHECK(talk.session.ended());
}

TEST_CASE("who speaks HTTP is closed without a reply, and nothing behind it is run") {
  Conversation talk;
  const std::string line = GENERATE(as<std::string>(), "POST / HTTP/1.1\r\n", "host: a:6379\r\n",
                                    "post\r\n", "*2\r\n$5\r\nHost:\r\n$1\r\na\r\n");
  talk.send("a\r\n" + line + "b\r\n");
  CHECK(talk.session.commands == Commands{"a"});
  CHECK(talk.received() == "+a\r\n");
  CHECK(talk.far_saw_end());
  CHECK(talk.session.ends == 1);
}

TEST_CASE("what only looks like HTTP is a command") {
  Conversation talk;
  talk.send("GET /\r\nHost:a\r\nposts\r\na POST\r\n");
  CHECK(talk.session.commands == Commands{"GET /", "Host:a", "posts", "a POST"});
  CHECK_FALSE(talk.session.ended());
}

TEST_CASE("who speaks HTTP is named in the log, once a minute") {
  testing::FakeLoop loop;
  const auto lines_of_two = [&] {
    CapturedOutput printed(STDERR_FILENO);
    for (int i = 0; i < 2; ++i) {
      auto [near, far] = loop.connected_pair();
      RecordingSession session(loop, std::move(near));
      session.start();
      far->out().bytes = "POST /\r\n";
      loop.settle();
    }
    const std::string text = printed.text();
    CHECK((text.empty() || text.find("warning resp: 127.0.0.1:") != std::string::npos));
    return std::count(text.begin(), text.end(), '\n');
  };
  loop.advance(Millis{200'000});  // Other tests have warned.
  CHECK(lines_of_two() == 1);
  loop.advance(Millis{59'999});
  CHECK(lines_of_two() == 0);
  loop.advance(Millis{1});
  CHECK(lines_of_two() == 1);
}

TEST_CASE("who speaks HTTP while a batch is open is closed after its commit") {
  Conversation talk;
  talk.session.script["write"] = [](auto& session) { session.mark(); };
  talk.session.at_pass_end = [&] {
    CHECK_FALSE(talk.session.ended());
    talk.session.drop_mark();
  };
  talk.send("write\r\nPOST /\r\nb\r\n");
  CHECK(talk.session.commands == Commands{"write"});
  CHECK(talk.received() == "+write\r\n");
  CHECK(talk.session.ended());
}

TEST_CASE("a peer that leaves ends the session once") {
  Conversation talk;
  talk.send("a\r\n");
  talk.far.reset();
  talk.loop.settle();
  CHECK(talk.session.ended());
  CHECK(talk.session.ends == 1);
}

TEST_CASE("who sends commands and ends its side at once is still answered") {
  Conversation talk;
  talk.far->out().bytes = "a\r\n";
  talk.far->out().sender_gone = true;
  talk.loop.settle();
  CHECK(talk.session.ended());
  CHECK(talk.received() == "+a\r\n");
}

TEST_CASE("a failed connection ends the session with its error") {
  Conversation talk;
  talk.far->out().reset = true;
  talk.loop.settle();
  CHECK(talk.session.ended());
  CHECK(talk.session.why.code() == Code::kIo);
}

// ---- Rewinding ----

// Sends everything since the mark is run once more, as after a commit that has failed.
TEST_CASE("a rewound batch is run once more, and answered once") {
  Conversation talk;
  talk.session.script["begin"] = [](auto& session) { session.mark(); };
  talk.session.at_pass_end = [&, failures = 1]() mutable {
    if (!talk.session.marked()) return;
    failures-- > 0 ? talk.session.rewind() : talk.session.drop_mark();
  };
  talk.send("a\r\nbegin\r\nb\r\nc\r\n");
  CHECK(talk.session.commands == Commands{"a", "begin", "b", "c", "begin", "b", "c"});
  CHECK(talk.received() == "+a\r\n+begin\r\n+b\r\n+c\r\n");
}

TEST_CASE("a mark set between commands covers the next one") {
  Conversation talk;
  talk.session.mark();
  talk.session.at_pass_end = [&] { talk.session.rewind(); };
  talk.send("a\r\nb\r\n");
  CHECK(talk.session.commands == Commands{"a", "b", "a", "b"});
  CHECK(talk.received() == "+a\r\n+b\r\n");
}

TEST_CASE("a command that is cut when the batch is rewound is run once it is whole") {
  Conversation talk;
  talk.session.mark();
  talk.session.at_pass_end = [&] { talk.session.rewind(); };
  talk.send("a\r\n*1\r\n$2\r\nb");
  talk.send("b\r\n");
  CHECK(talk.session.commands == Commands{"a", "a", "bb"});
}

TEST_CASE("a command may rewind the batch that it is in") {
  Conversation talk;
  int failures = 1;
  talk.session.script["begin"] = [](auto& session) { session.mark(); };
  talk.session.script["full"] = [&](auto& session) {
    if (failures-- > 0) {
      session.rewind();
      session.answers = false;
    } else {
      session.drop_mark();
    }
  };
  talk.send("begin\r\na\r\nfull\r\nb\r\n");
  CHECK(talk.session.commands == Commands{"begin", "a", "full", "begin", "a", "full", "b"});
  CHECK(talk.received() == "+begin\r\n+a\r\n+full\r\n+b\r\n");
  CHECK(talk.session.depth_max == 1);
}

TEST_CASE("input between a mark and its end may come in several reads") {
  Conversation talk;
  talk.session.mark();
  talk.far->out().bytes = "a\r\nb\r";
  talk.loop.run_pass();
  talk.far->out().bytes = "\nc\r\n";
  talk.loop.run_pass();
  talk.session.rewind();
  CHECK(talk.session.commands == Commands{"a", "b", "c", "a", "b", "c"});
}

TEST_CASE("QUIT in a batch waits for the commit") {
  Conversation talk;
  int failures = 1;
  talk.session.script["set"] = [](auto& session) { session.mark(); };
  talk.session.script["quit"] = [](auto& session) { session.close(); };
  talk.session.at_pass_end = [&] {
    CHECK_FALSE(talk.session.ended());
    failures-- > 0 ? talk.session.rewind() : talk.session.drop_mark();
  };
  talk.send("set\r\nquit\r\nlate\r\n");
  CHECK(talk.session.commands == Commands{"set", "quit", "set", "quit"});
  CHECK(talk.session.ended());
  CHECK(talk.received() == "+set\r\n+quit\r\n");
  CHECK(talk.far_saw_end());
}

TEST_CASE("broken protocol in a batch waits for the commit") {
  Conversation talk;
  talk.session.script["set"] = [](auto& session) { session.mark(); };
  int failures = 1;
  talk.session.at_pass_end = [&] {
    failures-- > 0 ? talk.session.rewind() : talk.session.drop_mark();
  };
  talk.send("set\r\n*x\r\n");
  CHECK(talk.session.commands == Commands{"set", "set"});
  CHECK(talk.received() == "+set\r\n-ERR Protocol error: invalid multibulk length\r\n");
  CHECK(talk.session.ends == 1);
}

TEST_CASE("who is cut off, or leaves, within a batch is told nothing of it") {
  Conversation talk;
  talk.session.script["set"] = [](auto& session) { session.mark(); };
  talk.far->out().bytes = "a\r\nset\r\n";
  SECTION("cut off") {
    talk.session.at_pass_end = [&] { talk.session.close(); };
  }
  SECTION("leaves") {
    talk.far->out().sender_gone = true;
  }
  talk.loop.settle();
  CHECK(talk.session.ended());
  CHECK_FALSE(talk.session.marked());
  CHECK(talk.received() == "+a\r\n");
}

TEST_CASE("a session that was rewound while held goes on when released") {
  Conversation talk;
  talk.session.script["set"] = [](auto& session) { session.mark(); };
  talk.session.script["stop"] = [](auto& session) { session.hold(); };
  talk.session.at_pass_end = [&] { talk.session.rewind(); };
  talk.send("set\r\nstop\r\na\r\n");
  CHECK(talk.session.commands == Commands{"set", "stop"});
  talk.session.at_pass_end = [&] { talk.session.drop_mark(); };
  talk.session.script["stop"] = nullptr;
  talk.session.release();
  talk.loop.settle();
  CHECK(talk.session.commands == Commands{"set", "stop", "set", "stop", "a"});
}

// ---- Any pipeline, cut anywhere, with failing commits ----

TEST_CASE("whatever the cuts and the failing commits, every command is answered once") {
  const uint64_t seed = Random::entropy();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 300; ++round) {
    Conversation talk;
    talk.session.script["set"] = [](auto& session) { session.mark(); };
    talk.session.at_pass_end = [&] {
      if (!talk.session.marked()) return;
      random.below(3) == 0 ? talk.session.rewind() : talk.session.drop_mark();
    };
    std::string stream;
    std::string replies;
    for (int i = 0; i < 20; ++i) {
      const std::string word = random.below(2) == 0 ? "set" : "get";
      stream += "*1\r\n$3\r\n" + word + "\r\n";
      replies += "+" + word + "\r\n";
    }
    while (!stream.empty()) {
      const size_t cut = 1 + random.below(stream.size());
      talk.send(stream.substr(0, cut));
      stream.erase(0, cut);
    }
    REQUIRE(talk.received() == replies);
  }
}

}  // namespace
}  // namespace doris::resp
