// SimStream: a program's handle on its end of a Connection.
#pragma once

#include <memory>
#include <string>

#include "base/net/stream.h"
#include "tests/sim/connection.h"

namespace doris::sim {

class SimLoop;

class SimStream final : public net::Stream {
 public:
  SimStream(SimLoop& loop, std::shared_ptr<Connection> connection, Connection::Side side);
  ~SimStream() override;

  void start(net::StreamHandler& handler) override;
  Buffer& output() override { return output_; }
  void flush_soon() override;
  [[nodiscard]] size_t unsent() const override { return output_.size(); }
  void pause_reading() override { paused_ = true; }
  void resume_reading() override;
  [[nodiscard]] const std::string& peer() const override { return peer_; }
  [[nodiscard]] std::string local() const override;
  [[nodiscard]] TimePoint now() const override;

  // ---- For the loop ----

  // Hands over what fits into one read, or the end. False if there is neither. The stream may
  // be gone when it returns.
  bool read_once();
  void flush();

 protected:
  void linger(std::unique_ptr<net::Stream> self) override;

 private:
  [[nodiscard]] End& end() { return connection_->end(side_); }

  SimLoop& loop_;
  const std::shared_ptr<Connection> connection_;
  const Connection::Side side_;
  const std::string peer_;
  net::StreamHandler* handler_ = nullptr;
  Buffer output_;
  bool wants_flush_ = false;
  bool paused_ = false;
  bool ended_ = false;
};

}  // namespace doris::sim
