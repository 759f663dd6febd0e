// Client: a pipelined caller of one RESP server, with deadlines and reconnects. For the
// control path: registering, watching the topology, heartbeats. (The router's data path
// has its own, router/backend.h, which keeps and re-plans requests.)
//
//   Client client(loop, random, options);
//   client.call({"DORIS.PULL", "0"}, Millis{500}, [](Result<Value> reply) { ... });
//
// Connects when first called, and reconnects with exponential back-off and jitter.
// Loop thread only. Callbacks never run from inside call(); after destruction none run.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/net/loop.h"
#include "base/random.h"
#include "resp/reply_parser.h"
#include "resp/writer.h"

namespace doris::resp {

class Client {
 public:
  struct Options {
    net::Address address;
    Millis connect_timeout{1000};
    Millis backoff_min{20};
    Millis backoff_max{1000};
    size_t calls_max = 1024;               // Waiting for a reply; more get kUnavailable.
    Protocol protocol = Protocol::kResp2;  // kResp3 sends HELLO 3 first.
  };
  using Callback = std::function<void(Result<Value>)>;

  Client(net::Loop& loop, Random& random, Options options);
  ~Client();

  // Calls back once: with the reply (an error reply is a Value of kind kError), with
  // kTimeout after `timeout`, or with kUnavailable when the connection was lost or
  // cannot be made. Whoever got kTimeout or a lost connection does not know whether
  // the command was run. A call that has timed out closes the connection, since the
  // reply may yet come.
  void call(std::vector<std::string> args, Millis timeout, Callback callback);

  [[nodiscard]] bool connected() const;
  [[nodiscard]] const net::Address& address() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // Never nullptr; see client.cpp for why shared.
};

}  // namespace doris::resp
