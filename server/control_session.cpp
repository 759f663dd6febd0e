#include "server/control_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/topology/key_hash.h"
#include "base/topology/topology_codec.h"
#include "resp/basic_commands.h"
#include "resp/errors.h"
#include "resp/words.h"
#include "server/info.h"

namespace doris::server {
namespace {

using resp::equals_ignoring_case;

constexpr Millis kProbeMax{10'000};

constexpr resp::CommandSpec kOwnSpecs[] = {
    {"info", -1, "", 0, 0, 0, "server", "1.0.0", "How this data server is"},
    {"doris.heartbeat", 5, "admin", 0, 0, 0, "server", "0.1.0", "The admin asks: are you there?"},
    {"doris.probe", 4, "admin", 0, 0, 0, "server", "0.1.0", "Does another program answer?"},
    {"doris.adopt", 2, "admin", 0, 0, 0, "server", "0.1.0", "Take over a topology"},
    {"doris.pull", 2, "admin", 0, 0, 0, "server", "0.1.0", "The newest topology that is held here"},
    {"doris.record", -2, "admin", 0, 0, 0, "server", "0.1.0",
     "Show what is held of a key: DORIS.RECORD key [namespace]"},
};

const std::vector<resp::CommandSpec>& specs() {
  static const std::vector<resp::CommandSpec> all = [] {
    const auto basic = resp::basic_command_specs();
    std::vector<resp::CommandSpec> result(basic.begin(), basic.end());
    result.insert(result.end(), std::begin(kOwnSpecs), std::end(kOwnSpecs));
    return result;
  }();
  return all;
}

void write_progress(resp::Writer& out, const std::optional<Progress>& progress) {
  if (!progress) {
    out.null();
    return;
  }
  out.array(3)
      .integer(static_cast<int64_t>(progress->total))
      .integer(static_cast<int64_t>(progress->left))
      .integer(progress->elapsed.count());
}

void write_logs(resp::Writer& out, const std::vector<LogReport>& logs, int64_t now_ms) {
  out.array(logs.size());
  for (const LogReport& log : logs) {
    out.array(6)
        .integer(log.target)
        .integer(static_cast<int64_t>(log.entries))
        .integer(static_cast<int64_t>(log.bytes))
        .integer(std::max<int64_t>(now_ms - log.oldest_ms, 0));
    write_progress(out, log.draining);
    out.integer(log.full ? 1 : 0);
  }
}

void write_verification(resp::Writer& out, const std::optional<VerificationReport>& report) {
  if (!report) {
    out.null();
    return;
  }
  out.array(6).integer(static_cast<int64_t>(report->id));
  write_progress(out, Progress{report->total, report->left, report->elapsed});
  out.array(2 * report->skipped.size());
  for (const auto& [why, vnodes] : report->skipped)
    out.bulk(why).integer(static_cast<int64_t>(vnodes));
  out.integer(static_cast<int64_t>(report->differences))
      .integer(static_cast<int64_t>(report->mended))
      .array(report->samples.size());
  for (const std::string& sample : report->samples)
    out.bulk(sample);
}

}  // namespace

ControlSession::ControlSession(std::unique_ptr<net::Stream> stream, Node& node, uint64_t id)
    : PacedSession(node.loop(), std::move(stream), node.settings().limits), node_(node), id_(id) {}

void ControlSession::on_ended(const Status&) {
  node_.on_session_ended(*this);
}

void ControlSession::on_command(Args args) {
  run(args);
  finish_command();
}

void ControlSession::run(Args args) {
  const resp::CommandSpec* spec = resp::admit_command(*this, specs(), args);
  if (spec == nullptr) return;
  const resp::BasicFacts facts{node_.clock(), node_.settings().config, Program::kServer,
                               "doris-server", specs()};
  if (resp::run_basic_command(*this, id_, facts, args)) return;
  if (spec->name == "info") {
    run_info(args);
  } else if (spec->name == "doris.heartbeat") {
    run_heartbeat(args);
  } else if (spec->name == "doris.adopt") {
    run_adopt(args);
  } else if (spec->name == "doris.pull") {
    run_pull(args);
  } else if (spec->name == "doris.probe") {
    run_probe(args);
  } else {
    run_record(args);
  }
}

void ControlSession::run_info(Args) {
  reply().verbatim(info_text(node_));
}

// DORIS.HEARTBEAT cluster epoch verification repair
void ControlSession::run_heartbeat(Args args) {
  const Standing& standing = node_.standing();
  if (!standing.cluster.empty() && args[1] != standing.cluster) {
    reply().error(fmt::format("WRONGCLUSTER this node belongs to cluster {}", standing.cluster));
    return;
  }
  uint64_t verification = 0;
  if (!resp::parse_integer(args[3], verification)) {
    reply().error(resp::kNotAnInteger);
    return;
  }
  node_.want_verification(verification, args[4] == "1");
  const ShardReport report = node_.report();
  resp::Writer out = reply();
  out.array(14)
      .bulk(node_.settings().node)
      .integer(static_cast<int64_t>(standing.epoch))
      .integer(standing.ready() ? 1 : 0)
      .integer(node_.shards_offline())
      .integer(static_cast<int64_t>(node_.recovered_epoch()))
      .integer(node_.sum_over_shards(&ShardStats::vnodes_left))
      .integer(static_cast<int64_t>(node_.incarnation()))
      .integer(node_.writes_allowed() ? 0 : 1);
  write_progress(out, report.recovery);
  write_logs(out, report.logs, node_.clock().wall_ms());
  write_verification(out, report.verification);
  write_progress(out, report.anti_entropy);
  out.integer(static_cast<int64_t>(node_.disk_mark()));
  out.integer(node_.shards_silent_for().count());
}

// DORIS.PROBE host port timeout-ms: whether another program answers, seen from here.
void ControlSession::run_probe(Args args) {
  uint16_t port = 0;
  int64_t timeout = 0;
  if (!resp::parse_integer(args[2], port) || !resp::parse_integer(args[3], timeout) ||
      timeout < 1 || timeout > kProbeMax.count()) {
    reply().error("ERR DORIS.PROBE takes a host, a port and a timeout of 1 to 10000 ms");
    return;
  }
  await_answer();
  node_.probe(
      {std::string(args[1]), port}, Millis{timeout}, [&node = node_, id = id_](bool answers) {
        node.with_session(
            id, [&](ControlSession& session) { session.answer(resp::Value::of(answers ? 1 : 0)); });
      });
}

// DORIS.ADOPT topology
void ControlSession::run_adopt(Args args) {
  await_answer();
  node_.adopt_topology(std::string(args[1]), [&node = node_, id = id_](const resp::Value& reply) {
    node.with_session(id, [&](ControlSession& session) { session.answer(reply); });
  });
}

// DORIS.PULL have-epoch: what a router may not hear from the admin.
void ControlSession::run_pull(Args args) {
  topology::Epoch have = 0;
  if (!resp::parse_integer(args[1], have)) {
    reply().error(resp::kNotAnInteger);
    return;
  }
  const Standing& standing = node_.standing();
  if (standing.table == nullptr || standing.epoch <= have) {
    reply().null();
  } else {
    reply().bulk(topology::encode(standing.table->topology()));
  }
}

// DORIS.RECORD key [namespace]
void ControlSession::run_record(Args args) {
  uint32_t name_space = 0;
  if (args.size() > 3 || (args.size() == 3 && !resp::parse_integer(args[2], name_space))) {
    reply().error(resp::kSyntaxError);
    return;
  }
  std::string physical_key;
  topology::append_physical_key(name_space, args[1], physical_key);
  await_answer();
  node_.inspect(physical_key, [&node = node_, id = id_](const resp::Value& value) {
    node.with_session(id, [&](ControlSession& session) { session.answer(value); });
  });
}

}  // namespace doris::server
