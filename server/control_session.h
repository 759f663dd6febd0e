// ControlSession: a connection to a data server's control port: the admin's heartbeats, and
// operators with redis-cli (resp/PROTOCOL.md, "Control port of a data server").
//
// Control thread only; owned by the Node.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "server/node.h"
#include "server/paced_session.h"

namespace doris::server {

class ControlSession final : public PacedSession {
 public:
  ControlSession(std::unique_ptr<net::Stream> stream, Node& node, uint64_t id);

  [[nodiscard]] uint64_t id() const { return id_; }

 private:
  using Args = std::span<const std::string_view>;

  void on_command(Args args) override;
  void on_ended(const Status& why) override;

  void run(Args args);
  void run_heartbeat(Args args);
  void run_adopt(Args args);
  void run_probe(Args args);
  void run_pull(Args args);
  void run_record(Args args);
  void run_info(Args args);

  Node& node_;
  const uint64_t id_;
};

}  // namespace doris::server
