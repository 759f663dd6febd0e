// READONLY READWRITE CLUSTER: what client libraries for a Redis Cluster ask on the way in. Doris is
// none to its clients, so they get to the letter what a Redis with cluster support disabled
// replies, and most of them go on as with a single Redis.
#include <string_view>

#include "router/command_table.h"
#include "router/subcommand.h"

namespace doris::router {
namespace {

constexpr std::string_view kDisabled = "ERR This instance has cluster support disabled";

struct Subcommand {
  std::string_view name;
  int arity;  // CLUSTER included; negative: at least so many words.
};

// Of Redis 7.0.
constexpr Subcommand kSubcommands[] = {
    {"addslots", -3},
    {"addslotsrange", -4},
    {"bumpepoch", 2},
    {"count-failure-reports", 3},
    {"countkeysinslot", 3},
    {"delslots", -3},
    {"delslotsrange", -4},
    {"failover", -2},
    {"flushslots", 2},
    {"forget", 3},
    {"getkeysinslot", 4},
    {"help", 2},
    {"info", 2},
    {"keyslot", 3},
    {"links", 2},
    {"meet", -4},
    {"myid", 2},
    {"nodes", 2},
    {"replicas", 3},
    {"replicate", 3},
    {"reset", -2},
    {"saveconfig", 2},
    {"set-config-epoch", 3},
    {"setslot", -4},
    {"shards", 2},
    {"slaves", 3},
    {"slots", 2},
};

}  // namespace

// READONLY and READWRITE.
void refuse_cluster(ClientSession& session, Args) {
  session.reply_error(kDisabled);
}

void run_cluster(ClientSession& session, Args args) {
  const auto* const subcommand = find_subcommand(session, "cluster", kSubcommands, args);
  if (subcommand != nullptr) session.reply_error(kDisabled);
}

}  // namespace doris::router
