#include "admin/admin_session.h"

#include "admin/admin.h"
#include "admin/command_table.h"
#include "base/limits.h"
#include "base/log.h"
#include "resp/render.h"

namespace doris::admin {
namespace {

const Log kLog("admin");

// Commands are small; no registration comes near this.
constexpr resp::RequestLimits kLimits = {.bulk_bytes_max = kAdminBulkBytesMax,
                                         .args_max = kAdminArgsMax,
                                         .inline_bytes_max = kInlineBytesMax};

// A peer that lets more replies than this pile up waits until it has read them. A topology
// is some hundred kilobytes at most.
constexpr size_t kUnreadBytesMax = 4UL << 20;
constexpr Millis kReaderCheck{10};        // How often it is looked after.
constexpr Millis kReaderPatience{30000};  // How long it may take before it is closed.

}  // namespace

AdminSession::AdminSession(Admin& admin, uint64_t id, std::unique_ptr<net::Stream> stream)
    : resp::Session(std::move(stream), kLimits),
      admin_(admin),
      id_(id),
      timer_(admin.loop().timer([this] { on_timer(); })) {}

void AdminSession::on_command(Args args) {
  run_any_command(*this, args);
  if (ended() || waits_ != Waits::kForNothing || unsent() <= kUnreadBytesMax) return;
  reader_deadline_ = admin_.loop().now() + kReaderPatience;
  begin(Waits::kForReader, kReaderCheck, kReaderCheck);
}

resp::Writer AdminSession::answer() {
  flush_soon();
  return reply();
}

void AdminSession::show(const resp::Value& value) {
  answer().value(protocol() == resp::Protocol::kResp3 ? value : resp::render(value));
}

void AdminSession::watch(topology::Epoch have, Millis wait) {
  have_ = have;
  if (admin_.store().topology().epoch > have || wait <= Millis{0}) {
    waits_ = Waits::kForEpoch;
    end_watch();
    return;
  }
  admin_.remember_watch(*this);
  begin(Waits::kForEpoch, wait, Millis{0});
}

void AdminSession::end_watch() {
  DORIS_CHECK(waits_ == Waits::kForEpoch, "only a long poll can be ended");
  admin_.forget_watch(*this);
  if (admin_.store().topology().epoch > have_) {
    answer().bulk(admin_.store().text());
  } else {
    answer().null();
  }
  go_on();
}

void AdminSession::on_timer() {
  if (waits_ == Waits::kForEpoch) {
    end_watch();
  } else if (unsent() == 0) {
    go_on();
  } else if (admin_.loop().now() >= reader_deadline_) {
    kLog.warning("{} has not read its replies for {} s and is closed", peer(),
                 std::chrono::duration_cast<std::chrono::seconds>(kReaderPatience).count());
    close();
  }
}

void AdminSession::begin(Waits waits, Millis delay, Millis repeat) {
  waits_ = waits;
  hold();
  timer_->start(delay, repeat);
}

void AdminSession::go_on() {
  waits_ = Waits::kForNothing;
  timer_->stop();
  release();
}

void AdminSession::on_ended(const Status&) {
  waits_ = Waits::kForNothing;
  timer_->stop();
  admin_.on_session_ended(*this);
}

}  // namespace doris::admin
