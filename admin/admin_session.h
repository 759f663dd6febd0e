// AdminSession: one connection to the admin: a router, a data server, or a person.
//
// Commands are answered at once, in order, except DORIS.WATCH, whose session waits for the
// next epoch, and whose further commands wait with it.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/net/loop.h"
#include "base/topology/topology.h"
#include "resp/session.h"
#include "resp/value.h"

namespace doris::admin {

class Admin;

using Args = std::span<const std::string_view>;

class AdminSession final : public resp::Session {
 public:
  // `admin` owns and outlives it.
  AdminSession(Admin& admin, uint64_t id, std::unique_ptr<net::Stream> stream);

  [[nodiscard]] Admin& admin() { return admin_; }
  [[nodiscard]] uint64_t id() const { return id_; }  // CLIENT ID.

  // Where a reply goes; it leaves at the end of the loop's pass.
  resp::Writer answer();
  void error(std::string_view text) { answer().error(text); }

  // A value as the client's protocol shows it best: as it is in RESP3, as lines in RESP2.
  void show(const resp::Value& value);

  // Answers with the newest topology once its epoch is above `have`, or with nil after
  // `wait`. REQUIRES: called by a command, as all that it does.
  void watch(topology::Epoch have, Millis wait);

  // There may be a newer topology: ends the long poll. REQUIRES: in one.
  void end_watch();

 private:
  // What keeps the session from reading on.
  enum class Waits : uint8_t {
    kForNothing,
    kForEpoch,   // A long poll.
    kForReader,  // The peer has not taken what it was sent.
  };

  void on_command(Args args) override;
  void on_ended(const Status& why) override;
  void on_timer();
  void begin(Waits waits, Millis delay, Millis repeat);
  void go_on();

  Admin& admin_;
  const uint64_t id_;
  Waits waits_ = Waits::kForNothing;
  topology::Epoch have_ = 0;                 // kForEpoch: what the peer holds.
  TimePoint reader_deadline_{};              // kForReader: closed then.
  const std::unique_ptr<net::Timer> timer_;  // Runs while waits_ is not kForNothing.
};

}  // namespace doris::admin
