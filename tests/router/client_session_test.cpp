// One client: its replies in the order of its commands, and what it may cost.
#include <catch2/catch.hpp>

#include "tests/router/running_worker.h"

namespace doris::router::test {
namespace {

TEST_CASE("replies leave in the order of the commands, whatever order the servers answer in") {
  RunningWorker router;
  const std::string a = router.key_in(topology::Group::kA);
  const std::string b = router.key_in(topology::Group::kB);
  router.a.records[a] = {{1, 1, 1}, "from a"};
  router.b.records[b] = {{1, 1, 1}, "from b"};
  router.a.stall();
  router.say({"GET " + a, "GET " + b, "PING", "MGET " + b + " " + b, "ECHO last", "DORIS.STATUS"});
  REQUIRE(router.control.unanswered.size() == 1);
  router.control.unanswered[0](resp::Value::bulk("all well"));
  router.loop.settle();
  CHECK(router.replies().empty());
  router.a.go_on();
  router.loop.settle();
  CHECK(router.replies() == Lines{"\"from a\"", "\"from b\"", "+PONG", "[\"from b\" \"from b\"]",
                                  "\"last\"", "\"all well\""});
}

TEST_CASE(
    "a client that leaves with requests in flight is gone with them, and its writes are done") {
  RunningWorker router;
  router.b.stall();
  FakeClient& leaver = router.connect();
  leaver.say("SET k v");
  leaver.say("GET " + router.key_in(topology::Group::kB));
  leaver.say("DORIS.STATUS");
  router.loop.settle();
  router.disconnect(leaver);
  router.control.unanswered[0](resp::Value::simple("too late"));
  router.b.go_on();
  router.loop.settle();
  CHECK(router.control.clients_ended == 1);
  CHECK(router.stats.clients.get() == 0);
  CHECK(router.stats.half_closed.get() == 0);
  CHECK(router.b.records["k"].value == "v");
  CHECK(router.a.records == router.b.records);
  CHECK(router.ask("GET k") == "\"v\"");
}

TEST_CASE("at client-pipeline-max commands in flight the rest waits until one is answered") {
  RunningWorker router(Overrides{{"client-pipeline-max", "3"}});
  const std::string key = router.key_in(topology::Group::kA);
  router.a.stall();
  router.say({"GET " + key, "PING 1", "PING 2", "PING 3", "PING 4", "SET " + key + " v"});
  CHECK(router.stats.commands.get() == 3);
  router.a.go_on();
  router.loop.settle();
  CHECK(router.stats.commands.get() == 6);
  CHECK(router.replies() == Lines{"nil", "\"1\"", "\"2\"", "\"3\"", "\"4\"", "+OK"});
}

TEST_CASE("a client that does not read is held at client-output-pause, and goes on when it reads") {
  RunningWorker router(Overrides{{"client-output-pause", "10kb"}});
  router.primary("k").records["k"] = {{1, 1, 1}, std::string(4000, 'x')};
  const std::string command = GENERATE(std::string("GET k"), "ECHO " + std::string(3000, 'y'));
  FakeClient& client = router.client();
  client.wire().pause_reading();
  client.wire().in().bytes_max = 1000;
  for (int i = 0; i < 50; ++i) {
    client.say(command);
    router.loop.settle();
  }
  CHECK(router.stats.commands.get() < 10);
  CHECK(client.connected());
  client.wire().resume_reading();
  router.loop.settle();
  CHECK(router.stats.commands.get() == 50);
  CHECK(router.replies().size() == 50);
}

// The replies are written by a timer, then, and the kernel takes them all at the end of its pass.
TEST_CASE("a client that is told of many timeouts at once goes on") {
  RunningWorker router(Overrides{{"client-output-pause", "1kb"}, {"client-pipeline-max", "50"}});
  router.loop.set_eager_timers(true);
  router.primary("k").stall();
  router.say(Lines(50, "GET k"));
  router.say({"PING"});
  router.loop.advance(Millis{5200});
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 51);
  CHECK(replies.back() == "+PONG");
}

TEST_CASE("a client that reads at once is held for a pass at most, however large its replies") {
  RunningWorker router(Overrides{{"client-output-pause", "1kb"}});
  router.primary("k").records["k"] = {{1, 1, 1}, std::string(5000, 'x')};
  Lines commands;
  for (int i = 0; i < 20; ++i)
    commands.emplace_back(i % 3 == 0 ? "ECHO " + std::string(2000, 'y') : "GET k");
  CHECK(router.ask(commands).size() == 20);
}

TEST_CASE("replies that wait for their turn count as unread, too") {
  RunningWorker router(Overrides{{"client-output-pause", "10kb"}});
  const std::string slow = router.key_in(topology::Group::kA);
  const std::string fast = router.key_in(topology::Group::kB);
  router.b.records[fast] = {{1, 1, 1}, std::string(3000, 'x')};
  router.a.stall();
  router.say({"GET " + slow});
  for (int i = 0; i < 20; ++i)
    router.say({i % 2 == 0 ? "ECHO " + std::string(3000, 'y') : "GET " + fast});
  CHECK(router.stats.commands.get() < 8);
  router.a.go_on();
  router.loop.settle();
  CHECK(router.replies().size() == 21);
  CHECK(router.client().connected());
}

TEST_CASE("a client with more unread than client-output-buffer-limit is closed, and counted") {
  RunningWorker router(
      Overrides{{"client-output-pause", "64kb"}, {"client-output-buffer-limit", "64kb"}});
  const std::string key = router.key_in(topology::Group::kA);
  router.a.records[key] = {{1, 1, 1}, std::string(40'000, 'x')};
  FakeClient& client = router.client();
  client.wire().in().bytes_max = 1000;
  client.wire().pause_reading();

  SECTION("by values at its head") {
    router.say({"GET " + key, "GET " + key});
  }
  SECTION("by what waits behind a slow one") {
    router.b.stall();
    router.say({"GET " + router.key_in(topology::Group::kB), "ECHO " + std::string(30'000, 'y'),
                "GET " + key});
  }
  SECTION("by the values of an unfinished MGET") {
    router.b.stall();
    router.say({"MGET " + router.key_in(topology::Group::kB) + " " + key + " " + key});
  }
  SECTION("by an answer of the admin") {
    router.say({"DORIS.STATUS"});
    router.control.unanswered[0](resp::Value::bulk(std::string(70'000, 'z')));
    router.loop.settle();
  }
  CHECK(router.control.clients_ended == 1);
  CHECK(router.stats.output_limit_hits.get() == 1);
  router.b.go_on();
  router.loop.settle();
  FakeClient& next = router.connect();
  next.say("PING");
  router.loop.settle();
  CHECK(next.replies() == Lines{"+PONG"});
}

TEST_CASE("QUIT is answered behind all that is pending, and then the connection closes") {
  RunningWorker router;
  router.a.stall();
  const std::string key = router.key_in(topology::Group::kA);
  router.say({"GET " + key, "SET " + key + " 1", "QUIT", "SET " + key + " 2"});
  CHECK(router.client().connected());
  router.a.go_on();
  router.loop.settle();
  CHECK(router.replies() == Lines{"nil", "+OK", "+OK"});
  CHECK_FALSE(router.client().connected());
  CHECK(router.a.records[key].value == "1");
  CHECK(router.control.clients_ended == 1);
}

TEST_CASE("QUIT with nothing pending closes at once") {
  RunningWorker router;
  CHECK(router.ask(Lines{"PING", "QUIT", "PING"}) == Lines{"+PONG", "+OK"});
  CHECK_FALSE(router.client().connected());
}

TEST_CASE(
    "a protocol error is told after the replies to what was right, then the client is closed") {
  RunningWorker router;
  router.a.stall();
  router.client().send("GET " + router.key_in(topology::Group::kA) + "\r\n*1\r\n:oops\r\nPING\r\n");
  router.loop.settle();
  CHECK(router.client().connected());
  router.a.go_on();
  router.loop.settle();
  CHECK(router.replies() == Lines{"nil", "-ERR Protocol error: expected '$', got ':'"});
  CHECK_FALSE(router.client().connected());
}

TEST_CASE("who speaks HTTP is closed at once, whatever is in flight") {
  RunningWorker router;
  router.a.stall();
  router.say({"GET " + router.key_in(topology::Group::kA), "POST / HTTP/1.1", "PING"});
  CHECK_FALSE(router.client().connected());
  CHECK(router.replies().empty());
  CHECK(router.control.clients_ended == 1);
}

TEST_CASE("HELLO in the middle of a pipeline changes the replies behind it, not those before") {
  RunningWorker router;
  router.a.stall();
  router.b.stall();
  router.say({"GET k", "HELLO 3", "GET k", "CLIENT INFO", "HELLO 2", "GET k", "CLIENT GETNAME"});
  router.a.go_on();
  router.b.go_on();
  router.loop.settle();
  const Lines replies = router.replies();
  REQUIRE(replies.size() == 7);
  CHECK(replies[1].starts_with("{\"server\" \"redis\" \"version\" "));
  CHECK(replies[1].find("\"proto\" :3") != std::string::npos);
  CHECK(replies[3].starts_with("=id="));
  CHECK(replies[4].starts_with("[\"server\" \"redis\" \"version\" "));
}

TEST_CASE("nil is written in the protocol that the client spoke when it asked") {
  RunningWorker router;
  FakeClient& client = router.client();
  client.wire().pause_reading();
  router.a.stall();
  router.b.stall();
  router.say({"GET k", "HELLO 3", "GET k"});
  router.a.go_on();
  router.b.go_on();
  router.loop.settle();
  const std::string& sent = client.wire().in().bytes;
  CHECK(sent.starts_with("$-1\r\n%7\r\n"));
  CHECK(sent.ends_with("_\r\n"));
}

TEST_CASE("a client that has switched its replies off hears none until it switches them on") {
  RunningWorker router;
  const std::string a = router.key_in(topology::Group::kA);
  const std::string b = router.key_in(topology::Group::kB);
  router.b.stall();
  router.say({"GET " + b, "CLIENT REPLY OFF", "SET " + a + " 1", "PING", "MGET " + a + " " + b,
              "INCR " + a, "NOPE", "CLIENT LIST", "DORIS.LASTWRITE", "client reply maybe"});
  CHECK(router.replies().empty());
  router.b.go_on();
  router.loop.settle();
  CHECK(router.replies() == Lines{"nil"});
  CHECK(router.ask({"GET " + a, "CLIENT REPLY ON", "GET " + a}) == Lines{"+OK", "\"2\""});
  CHECK(router.stats.errors.get() == 2);
}

TEST_CASE("a reply that is skipped is that to the next command only") {
  RunningWorker router;
  const std::string next = GENERATE(as<std::string>(), "PING", "SET k v", "GET k", "NOPE", "MGET k",
                                    "CLIENT LIST", "CLIENT REPLY", "HELLO 3", "RESET", "DBSIZE");
  const bool slow = GENERATE(false, true);
  if (slow) router.b.stall();
  router.say({"EXISTS " + router.key_in(topology::Group::kB), "CLIENT REPLY SKIP", next, "ECHO b"});
  router.b.go_on();
  router.loop.settle();
  CHECK(router.replies() == Lines{":0", "\"b\""});
  CHECK(router.ask({"CLIENT REPLY SKIP", "CLIENT REPLY SKIP", "PING", "ECHO c"}) == Lines{"\"c\""});
  CHECK(router.ask({"CLIENT REPLY SKIP", "CLIENT REPLY ON", "PING"}) == Lines{"+OK", "+PONG"});
}

TEST_CASE("RESET brings replies back, and QUIT closes though nobody is told") {
  RunningWorker router;
  CHECK(router.ask({"CLIENT REPLY OFF", "CLIENT REPLY SKIP", "PING", "RESET", "PING"}) ==
        Lines{"+RESET", "+PONG"});
  router.a.stall();
  router.say({"CLIENT REPLY OFF", "SET " + router.key_in(topology::Group::kA) + " 1"});
  SECTION("by QUIT") {
    router.say({"QUIT", "PING"});
  }
  SECTION("by broken protocol") {
    router.client().send("*x\r\n");
    router.loop.settle();
  }
  CHECK(router.client().connected());
  router.a.go_on();
  router.loop.settle();
  CHECK(router.replies().empty());
  CHECK_FALSE(router.client().connected());
}

TEST_CASE("what a client does not want to hear does not count as unread") {
  RunningWorker router(
      Overrides{{"client-output-pause", "64kb"}, {"client-output-buffer-limit", "64kb"}});
  router.primary("k").records["k"] = {{1, 1, 1}, std::string(20'000, 'x')};
  router.client().wire().pause_reading();
  Lines commands{"CLIENT REPLY OFF"};
  for (int i = 0; i < 30; ++i)
    commands.emplace_back(i % 2 == 0 ? "GET k" : "ECHO " + std::string(20'000, 'y'));
  router.say(commands);
  CHECK(router.stats.commands.get() == 31);
  CHECK(router.stats.output_limit_hits.get() == 0);
  router.client().wire().resume_reading();
  CHECK(router.ask("CLIENT REPLY ON") == "+OK");
}

TEST_CASE("until there is a topology, commands on data are answered with LOADING, others served") {
  RunningWorker router({}, false);
  const Lines replies = router.ask(Lines{"GET k", "MSET a 1", "DBSIZE", "PING"});
  REQUIRE(replies.size() == 4);
  for (int i = 0; i < 3; ++i) {
    CHECK(replies[i].starts_with("-LOADING the router has no topology yet"));
  }
  CHECK(replies[3] == "+PONG");
}

TEST_CASE("a client that sends its commands and ends its side is answered, and then gone") {
  RunningWorker router;
  const bool data_servers_have_to_answer = GENERATE(true, false);
  if (data_servers_have_to_answer) router.primary("k").stall();
  router.client().say("GET k");
  router.client().say("PING");
  router.loop.run_pass();  // They leave.
  router.client().wire().out().sender_gone = true;
  router.loop.settle();
  CHECK(router.control.clients_ended == (data_servers_have_to_answer ? 0 : 1));
  router.primary("k").go_on();
  router.loop.settle();
  CHECK(router.replies() == Lines{"nil", "+PONG"});
  CHECK(router.control.clients_ended == 1);
  CHECK(router.stats.clients.get() == 0);
}

TEST_CASE("of those that end their side while data servers are silent only a few stay") {
  RunningWorker router;
  router.primary("k").stall();
  for (int i = 0; i < 150; ++i) {
    FakeClient& client = router.connect();
    client.say("GET k");
    router.loop.settle();
    router.disconnect(client);
  }
  CHECK(router.stats.clients.get() == 100);
  router.loop.advance(Millis{5100});
  CHECK(router.stats.clients.get() == 0);
}

}  // namespace
}  // namespace doris::router::test
