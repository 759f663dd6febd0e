#include "router/replies.h"

#include <catch2/catch.hpp>

namespace doris::router {
namespace {

std::string reply(const Request& request, WorkerStats& stats,
                  resp::Protocol protocol = resp::Protocol::kResp2) {
  Buffer out;
  write_reply(request, {out, protocol}, stats);
  return std::string(out.view());
}

TEST_CASE("a request that failed is its error, whatever its parts hold") {
  WorkerStats stats;
  Request request;
  request.kind = Request::Kind::kMget;
  request.parts.resize(2);
  request.error = "DISKFULL no room";
  CHECK(reply(request, stats) == "-DISKFULL no room\r\n");
}

TEST_CASE("GET without a value is nil in the client's protocol, and a miss") {
  WorkerStats stats;
  Request request;
  request.kind = Request::Kind::kGet;
  request.parts.resize(1);
  CHECK(reply(request, stats) == "$-1\r\n");
  CHECK(reply(request, stats, resp::Protocol::kResp3) == "_\r\n");
  CHECK(stats.keyspace_misses.get() == 2);
}

TEST_CASE("MGET is the values in order, nil where there is none; an empty value is a value") {
  WorkerStats stats;
  Request request;
  request.kind = Request::Kind::kMget;
  request.parts.resize(3);
  request.parts[0].found = true;
  request.parts[2].found = true;
  request.parts[2].value = "v";
  CHECK(reply(request, stats) == "*3\r\n$0\r\n\r\n$-1\r\n$1\r\nv\r\n");
  CHECK(stats.keyspace_misses.get() == 1);
}

TEST_CASE("DEL, EXISTS and DBSIZE are sums; SET and MSET are OK") {
  using Kind = Request::Kind;
  WorkerStats stats;
  Request request;
  request.parts.resize(2);
  request.parts[0].count = 3;
  request.parts[1].count = 4;
  for (const Kind kind : {Kind::kDel, Kind::kExists, Kind::kDbsize}) {
    request.kind = kind;
    CHECK(reply(request, stats) == ":7\r\n");
  }
  for (const Kind kind : {Kind::kSet, Kind::kMset}) {
    request.kind = kind;
    CHECK(reply(request, stats) == "+OK\r\n");
  }
}

TEST_CASE("a recycled request is as a new one, and has given back what was large") {
  Request request;
  request.kind = Request::Kind::kMget;
  request.payload.assign(100'000, 'x');
  request.parts.resize(1000);
  request.reply.append(std::string(100'000, 'y'));
  request.error = "ERR";
  request.replied = request.done = true;
  request.parked_bytes = 5;
  request.recycle();
  CHECK(request.kind == Request::Kind::kLocal);
  CHECK(request.payload.capacity() < 5000);
  CHECK(request.parts.capacity() < 1000);
  CHECK(request.reply.capacity() == 0);
  CHECK_FALSE(request.failed());
  CHECK_FALSE(request.replied);
  CHECK_FALSE(request.done);
  CHECK(request.parked_bytes == 0);
}

TEST_CASE("a pool hands out what it was given before it makes more") {
  RequestPool pool;
  Request* first = pool.take();
  Request* second = pool.take();
  CHECK(first != second);
  pool.give(first);
  CHECK(pool.take() == first);
  pool.give(first);
  pool.give(second);
}

}  // namespace
}  // namespace doris::router
