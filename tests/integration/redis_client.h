// RedisClient: a client as users have one: hiredis, blocking, RESP2.
//
//   RedisClient client(cluster.port("router-1"));
//   CHECK(client.command({"SET", "k", "v"}) == Reply::status("OK"));
//
// A connection that breaks answers with Reply::kLost from then on, until reconnect().
// Not thread-safe: one per thread. Move-only.
#pragma once

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/integration/process.h"

struct redisContext;
struct redisReply;

namespace doris::integration {

struct Reply {
  enum Kind { kNil, kStatus, kError, kInteger, kBulk, kArray, kLost };

  Kind kind = kLost;
  int64_t number = 0;        // kInteger.
  std::string text;          // kStatus, kError, kBulk; why, for kLost.
  std::vector<Reply> items;  // kArray.

  static Reply nil() { return {kNil, 0, "", {}}; }
  static Reply status(std::string text) { return {kStatus, 0, std::move(text), {}}; }
  static Reply error(std::string text) { return {kError, 0, std::move(text), {}}; }
  static Reply integer(int64_t number) { return {kInteger, number, "", {}}; }
  static Reply bulk(std::string text) { return {kBulk, 0, std::move(text), {}}; }
  static Reply array(std::vector<Reply> items) { return {kArray, 0, "", std::move(items)}; }
  static Reply lost(std::string why) { return {kLost, 0, std::move(why), {}}; }

  // What stands in the line "key:  ..." of an answer for people; "" if it has no such line.
  [[nodiscard]] std::string line(const std::string& key) const;

  [[nodiscard]] bool ok() const { return kind == kStatus && text == "OK"; }

  bool operator==(const Reply&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Reply& reply);

// Where a program listens.
struct Endpoint {
  std::string host;
  uint16_t port = 0;
};

class RedisClient {
 public:
  // `timeout` is for connecting and for each reply.
  explicit RedisClient(Endpoint endpoint, Millis timeout = Millis{15'000});
  explicit RedisClient(uint16_t port, Millis timeout = Millis{15'000})
      : RedisClient(Endpoint{"127.0.0.1", port}, timeout) {}

  Reply command(const std::vector<std::string>& args);

  // A pipeline: append any number of commands, then read as many replies.
  void append(const std::vector<std::string>& args);
  Reply read();

  [[nodiscard]] bool connected() const;
  bool reconnect();  // Whether it worked.

 private:
  struct Close {
    void operator()(redisContext* context) const;
  };

  Endpoint endpoint_;
  Millis timeout_;
  std::unique_ptr<redisContext, Close> context_;
};

}  // namespace doris::integration
