// REGISTER WATCH PULL: what routers and data servers say to the admin (resp/PROTOCOL.md).
#include <fmt/format.h>

#include "admin/admin.h"
#include "admin/command_table.h"
#include "base/net/address.h"
#include "resp/errors.h"
#include "resp/words.h"

namespace doris::admin {
namespace {

// A long poll is answered after this at the latest, so that one whose connection has died
// unnoticed does not stay for ever.
constexpr Millis kWatchMax{60000};

constexpr size_t kAddressBytesMax = 256;

// Who says `address` of itself. One that listens on all addresses of its machine does not know
// under which others reach it: it is called by the one that its connection comes from.
std::string name_of(const AdminSession& session, std::string_view address) {
  Result<net::Address> named = net::Address::parse(address);
  if (!named.ok() || (named->host != "0.0.0.0" && named->host != "::")) return std::string(address);
  const Result<net::Address> peer = net::Address::parse(session.peer());
  if (!peer.ok()) return std::string(address);
  named->host = peer->host;
  return named->text();
}

void register_a_server(AdminSession& session, Args words) {
  Admin& admin = session.admin();
  const Result<Registration> registration = parse_registration(words);
  const Status admitted =
      registration.ok() ? admin.admit(*registration, session.peer()) : registration.status();
  if (!admitted.ok()) {
    const bool refused = admitted.code() == Code::kInvalid;
    session.error(fmt::format("{} {}", refused ? "REFUSED" : "ERR", admitted.message()));
    return;
  }
  session.answer().array(2).bulk(admin.store().topology().cluster).bulk(admin.store().text());
}

void register_a_router(AdminSession& session, std::string_view address) {
  Admin& admin = session.admin();
  if (address.size() > kAddressBytesMax) {
    session.error("REFUSED the address is too long");
    return;
  }
  if (!admin.outdated().empty()) {  // Its numbers may have been given to others.
    session.error(fmt::format("ERR {}", admin.outdated()));
    return;
  }
  const Result<uint32_t> number = admin.store().draw_router_number();
  if (!number.ok()) {
    session.error(fmt::format("ERR {}", number.status().message()));
    return;
  }
  admin.note_watcher(name_of(session, address), admin.store().topology().epoch, Millis{0});
  session.answer()
      .array(3)
      .bulk(admin.store().topology().cluster)
      .integer(*number)
      .bulk(admin.store().text());
}

}  // namespace

void run_register(AdminSession& session, Args args) {
  if (resp::equals_ignoring_case(args[1], "server")) {
    register_a_server(session, args.subspan(2));
  } else if (resp::equals_ignoring_case(args[1], "router") && args.size() == 3) {
    register_a_router(session, args[2]);
  } else {
    session.error("ERR DORIS.REGISTER takes 'server' and 10 words, or 'router' and an address");
  }
}

// DORIS.REPORT observer node cluster epoch why
void run_report(AdminSession& session, Args args) {
  Admin& admin = session.admin();
  const topology::Topology& topology = admin.store().topology();
  topology::Epoch epoch = 0;
  const topology::Node* const node = topology.find(args[2]);
  if (!resp::parse_integer(args[4], epoch) || args[1].size() > kAddressBytesMax) {
    session.error("ERR DORIS.REPORT takes an observer, a node, the cluster, an epoch and why");
  } else if (args[3] != topology.cluster) {
    session.error(fmt::format("WRONGCLUSTER this admin serves cluster {}", topology.cluster));
  } else if (node == nullptr) {
    session.error(fmt::format("ERR there is no node '{}'", args[2]));
  } else {
    admin.note_report(name_of(session, args[1]), *node);
    session.answer().simple("OK");
  }
}

void run_watch(AdminSession& session, Args args) {
  topology::Epoch have = 0;
  uint64_t wait_ms = 0;
  if (!resp::parse_integer(args[1], have) || !resp::parse_integer(args[2], wait_ms)) {
    session.error(resp::kNotAnInteger);
    return;
  }
  const Millis wait = std::min(
      kWatchMax, Millis{static_cast<int64_t>(std::min<uint64_t>(wait_ms, kWatchMax.count()))});
  if (args[3].size() <= kAddressBytesMax) {
    session.admin().note_watcher(name_of(session, args[3]), have, wait);
  }
  session.watch(have, wait);
}

void run_pull(AdminSession& session, Args args) {
  topology::Epoch have = 0;
  if (!resp::parse_integer(args[1], have)) {
    session.error(resp::kNotAnInteger);
    return;
  }
  session.watch(have, Millis{0});
}

}  // namespace doris::admin
