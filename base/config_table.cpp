// The table of all settings, in the manual's order. To add one: a line here, its block in
// doris.conf (a test prints the text it misses), and a reader.
#include <algorithm>

#include "base/config.h"
#include "base/config_forms.h"
#include "base/limits.h"

namespace doris {
namespace {

using Type = ConfigKey::Type;

constexpr auto kRouter = static_cast<uint8_t>(Program::kRouter);
constexpr auto kServer = static_cast<uint8_t>(Program::kServer);
constexpr auto kAdmin = static_cast<uint8_t>(Program::kAdmin);
constexpr uint8_t kAll = kRouter | kServer | kAdmin;

constexpr int64_t kKb = 1024;
constexpr int64_t kMb = 1024 * kKb;
constexpr int64_t kGb = 1024 * kMb;
constexpr int64_t kMs = 1;
constexpr int64_t kSecond = 1000 * kMs;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kPortMax = 65535;

struct Range {
  int64_t min;
  int64_t max;
};

ConfigKey number(Type type, std::string_view name, uint8_t programs, std::string_view initial,
                 Range range, std::string_view reason) {
  return {.name = name,
          .programs = programs,
          .type = type,
          .initial = initial,
          .min = range.min,
          .max = range.max,
          .reason = reason};
}

ConfigKey choice(std::string_view name, uint8_t programs, std::string_view initial,
                 std::string_view choices, std::string_view reason) {
  return {.name = name,
          .programs = programs,
          .type = Type::kChoice,
          .initial = initial,
          .choices = choices,
          .reason = reason};
}

ConfigKey text(std::string_view name, uint8_t programs, std::string_view initial,
               const ConfigKey::Form* form, std::string_view reason) {
  return {.name = name,
          .programs = programs,
          .type = Type::kText,
          .initial = initial,
          .reason = reason,
          .form = form};
}

std::vector<ConfigKey> shared_keys() {
  return {
      choice("log-level", kAll, "info", "debug|info|warning|error",
             "The least important lines that are logged. At info, every connection, role and "
             "state that changes leaves a line with its cause; no single request ever does."),
      text("log-file", kAll, "", &kFileForm,
           "Where to log. Empty is standard error, which suits a service manager. A file is "
           "appended to, so it may be copied and truncated while the program runs. Its directory "
           "must exist."),
      text("bind", kAll, "127.0.0.1", &kHostForm,
           "The address to listen on. The default is reached from this machine only: Doris "
           "asks for no password, so open it to a network you trust and to no other."),
      text("admin", kRouter | kServer, "127.0.0.1:6400", &kAddressForm,
           "Where routers and data servers find the admin. They need it to start and to learn "
           "of changes; reads and writes go on while it is away."),
      number(Type::kBytes, "proto-max-bulk-len", kRouter | kServer, "64mb",
             {1 * kKb, kBulkBytesCeiling},
             "The largest value that is accepted; a key ends at 64kb whatever this says. A value "
             "is held in memory whole while it passes, in each program once, so raise this only "
             "for those who need it, and alike on routers and data servers. Data servers take 4mb "
             "at least, whatever this says."),
      number(Type::kDuration, "topology-pull-interval", kRouter | kServer, "3s",
             {100 * kMs, 1 * kMinute},
             "How often to ask the admin for the topology. A change arrives within milliseconds "
             "all the same, as the answer to a request that waits for it; this is the net below, "
             "should that request be lost unnoticed."),
  };
}

std::vector<ConfigKey> router_keys() {
  return {
      number(Type::kInteger, "router-port", kRouter, "6379", {0, kPortMax},
             "The TCP port for clients. The default is where Redis clients look first. 0 lets the "
             "system choose a free one."),
      number(Type::kInteger, "router-threads", kRouter, "0", {0, kThreadsMax},
             "How many threads serve clients, each with clients of its own. 0 takes one for each "
             "core. Lower it where data servers share the machine."),
      number(Type::kInteger, "maxclients", kRouter, "10000", {1, 1000000},
             "How many clients may be connected at a time; one more is told so and closed. Each "
             "costs a file descriptor: the system's limit on open files has to allow for them."),
      choice("read-policy", kRouter, "primary", "primary|any",
             "Which replica answers a read. With primary, every read sees all that was written "
             "before it. With any, a read goes to the other replica while the router has no "
             "connection to the primary, and may then miss a write that is still under way."),
      number(Type::kInteger, "databases", kRouter, "16", {1, kNamespacesMax},
             "How many namespaces SELECT can name, from 0. Their keys lie side by side: one more "
             "costs nothing until it is used."),
      number(Type::kBytes, "client-output-buffer-limit", kRouter, "256mb", {64 * kKb, 4 * kGb},
             "A client that lets more bytes of replies than this pile up is closed, so that one "
             "that does not read cannot use up the memory of all."),
      number(Type::kBytes, "client-output-pause", kRouter, "1mb", {1 * kKb, 1 * kGb},
             "Above this many bytes of unread replies a client's further commands wait, and so "
             "does the client: the gentle limit below client-output-buffer-limit."),
      number(Type::kInteger, "client-pipeline-max", kRouter, "1024", {1, 65536},
             "How many commands of one client may be in flight at a time; more wait their turn. "
             "Lower it when a few clients with deep pipelines slow down all others."),
      number(Type::kDuration, "request-timeout", kRouter | kServer, "5s", {10 * kMs, 10 * kMinute},
             "How long a request may wait for its data servers before it is answered with an "
             "error. Below the time that a failover takes, clients see errors where they would "
             "have seen a pause. A data server that recovers waits for so long, and for 2s at "
             "least, with what a router may yet write anew: it must not be less there than at the "
             "routers."),
      number(
          Type::kBytes, "backend-queue-limit", kRouter, "256mb", {64 * kKb, 4 * kGb},
          "How many bytes may wait for one shard of one data server; further requests to it "
          "are answered with -OVERLOADED. It bounds what a slow server costs the router. As many "
          "may wait for keys of which both data servers have failed."),
      number(Type::kDuration, "backend-connect-timeout", kRouter, "1s", {10 * kMs, 1 * kMinute},
             "How long one attempt to connect to a data server may take. Raise it when servers "
             "are far away."),
      number(Type::kDuration, "reconnect-backoff-min", kRouter, "10ms", {1 * kMs, 1 * kMinute},
             "The pause after the first attempt to connect that failed. It doubles with each "
             "further one, give or take some chance, up to reconnect-backoff-max."),
      number(Type::kDuration, "reconnect-backoff-max", kRouter, "1s", {1 * kMs, 10 * kMinute},
             "The longest such pause, and so how long a server may be back before it is noticed."),
      number(Type::kInteger, "backend-attempts", kRouter, "3", {1, 100},
             "After so many failures in a row to connect to a data server, the router reports it "
             "to the admin, which then looks for itself at once. Fewer is faster where the network "
             "is sound, and asks the admin in vain where it is not."),
      number(Type::kDuration, "backend-suspect-after", kRouter, "300ms", {10 * kMs, 1 * kMinute},
             "A data server that leaves a request unanswered for so long is reported, too: a "
             "frozen machine, or one that is cut off, refuses no connection. One that is merely "
             "slow stays in service, since the admin asks it before it believes the report."),
  };
}

std::vector<ConfigKey> server_keys() {
  return {
      number(Type::kInteger, "server-port", kServer, "7000", {0, kPortMax - kShardsMax},
             "The control port. Shard i listens on this port + 1 + i, so leave as much room "
             "between two servers of one machine. 0 lets the system choose."),
      text("node-name", kServer, "", &kLabelForm,
           "The name of this data server in the cluster, its own for life. It must be set: any "
           "default would be shared by two servers."),
      choice("group", kServer, "a", "a|b|standby",
             "Each of the groups a and b holds a copy of everything, so a cluster has servers in "
             "both. A standby holds nothing but update logs until it takes the place of a failed "
             "server."),
      text("machine", kServer, "", &kLabelForm,
           "The machine, or the rack or power supply, whose failure would take this server down. "
           "No two copies of a key are put on the same one, unless the admin is started with "
           "allow-same-machine. Empty is the host name."),
      text("announce-host", kServer, "", &kHostOrEmptyForm,
           "The address at which routers and the admin reach this server. Empty is that of bind; "
           "set it where bind is 0.0.0.0 or ::."),
      text("server-dir", kServer, "./doris-server", &kDirectoryForm,
           "Where this server keeps its data. It is made if it does not exist; one server at a "
           "time can use it."),
      number(Type::kInteger, "shards", kServer, "0", {0, kShardsMax},
             "Into how many shards this server divides its data, each with a thread and a store of "
             "its own. 0 takes one for each core, up to 8. It is fixed when the store is made; "
             "from then on what server-dir holds decides."),
      number(Type::kBytes, "cache-size", kServer, "0", {0, 4096 * kGb},
             "Memory for the pages of all shards together; each gets 16mb at least. 0 takes a "
             "quarter of the machine's. Make what is read often fit, but leave as much again to "
             "the system, which caches the files as well. It should hold what is written in some "
             "seconds: a request that needs room among pages that are not on the disk waits for "
             "the disk."),
      choice("appendfsync", kServer, "everysec", "always|everysec|no",
             "When a write is forced to the disk. With always, before it is acknowledged. With "
             "everysec, within a second: the last second is lost only if both machines of a key "
             "lose power together. With no, when the system sees fit. A killed process loses "
             "nothing in any case."),
      number(Type::kBytes, "log-segment-size", kServer, "128mb", {1 * kMb, 1 * kGb},
             "The size of one file of a shard's write-ahead log. Small files free the disk "
             "sooner; large ones are made less often."),
      number(Type::kBytes, "checkpoint-log-size", kServer, "64mb", {1 * kMb, 16 * kGb},
             "A shard writes its changed pages to their file after this much log. More means "
             "fewer page writes, and a longer recovery after a crash."),
      number(Type::kDuration, "checkpoint-interval", kServer, "30s", {1 * kSecond, 1 * kHour},
             "The same by time: a shard that has changed writes its pages at least this often."),
      number(Type::kBytes, "disk-free-min", kServer, "512mb", {2 * kMb, 1024 * kGb},
             "Below this much free space on the disk of server-dir, writes are refused while reads "
             "go on; with a tenth more they are taken again. The reserve lets the log and the "
             "checkpoints finish their work."),
      number(Type::kBytes, "update-log-max-size", kServer, "16gb", {1 * kMb, 1024 * kGb},
             "How much the update log for one failed node may hold, per shard; a key is in it once,"
             " with its newest value. Above it, writes that would make it larger are refused, and "
             "DORIS.STATUS and INFO say that it is full."),
      number(Type::kDuration, "anti-entropy-interval", kServer, "24h", {1 * kSecond, 720 * kHour},
             "In the background every virtual node is read, compared with its other copy, mended "
             "if that differs, and rid of its tombstones, once in this time. Shorter finds damage "
             "sooner and frees space sooner, and reads all data as often."),
      number(Type::kDuration, "tombstone-retention", kServer, "1h", {1 * kSecond, 720 * kHour},
             "A deleted or expired key is remembered for so long at least before it is removed for "
             "good. Longer than routers' clocks are apart: a write that a router stamps with a "
             "time before that needs another round trip."),
  };
}

std::vector<ConfigKey> admin_keys() {
  return {
      number(Type::kInteger, "admin-port", kAdmin, "6400", {0, kPortMax},
             "The TCP port for routers, data servers and operators. 0 lets the system choose a "
             "free one."),
      text("admin-dir", kAdmin, "./doris-admin", &kDirectoryForm,
           "Where the admin keeps the topology. It is small, and the one thing in a cluster that "
           "cannot be computed again: back it up after each change of it (DORIS.HISTORY). An admin "
           "that finds data servers ahead of its copy changes nothing, and says so. One that finds "
           "the directory without its topology.db does not start."),
      number(Type::kInteger, "vnodes", kAdmin, "10000", {1, kVnodesMax},
             "Into how many virtual nodes the keys are divided. Read when the cluster is made, "
             "and fixed for its life. A hundred or more for each server balances well."),
      number(Type::kInteger, "initial-servers-per-group", kAdmin, "1", {1, 10000},
             "A new cluster starts to serve when this many data servers of each group have "
             "registered; the virtual nodes are then dealt out among them. Later ones wait as "
             "joining."),
      number(
          Type::kDuration, "heartbeat-interval", kAdmin, "100ms", {10 * kMs, 1 * kMinute},
          "How often the admin asks each data server whether it is well. A process that has been "
          "killed is noticed within this, and failed over a few ten milliseconds later."),
      number(Type::kDuration, "heartbeat-timeout", kAdmin, "300ms", {10 * kMs, 1 * kMinute},
             "How long the admin waits for an answer. A frozen machine, or one that is cut off, is "
             "failed over after heartbeat-failures times this; one that is merely busy, and needs "
             "that long, is taken for dead."),
      number(Type::kInteger, "heartbeat-failures", kAdmin, "3", {1, 100},
             "How many times in a row a data server must fail to answer before it counts as "
             "failed. Fewer is faster, and gives more false alarms."),
      number(Type::kDuration, "permanent-failure-after", kAdmin, "2h", {100 * kMs, 720 * kHour},
             "A data server that has failed for so long is given up: a standby takes its place, "
             "and is filled from the other copies. Without a standby it is waited for, and so is "
             "one that an operator holds (DORIS.NODE FAIL). Longer than a repair takes, or much "
             "data is copied for nothing."),
      choice("degraded-writes", kAdmin, "yes", "yes|no",
             "What becomes of a write when the server of its second copy has failed and nobody "
             "stands in for it (no standby, and no neighbour in its group). Yes: it is kept once, "
             "and noted in an update log beside it. No: it is refused, and the key can be read "
             "only."),
      choice("allow-same-machine", kAdmin, "no", "yes|no",
             "Whether both copies of a key may be on one machine. Say yes to try Doris on a "
             "laptop, and never where the data matters."),
  };
}

std::vector<ConfigKey> all_keys() {
  std::vector<ConfigKey> all;
  for (const auto& part : {shared_keys(), router_keys(), server_keys(), admin_keys()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace

const std::vector<ConfigKey>& config_table() {
  static const std::vector<ConfigKey> table = all_keys();
  return table;
}

const ConfigKey* find_config_key(std::string_view name) {
  const std::vector<ConfigKey>& table = config_table();
  const auto found = std::ranges::find(table, name, &ConfigKey::name);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace doris
