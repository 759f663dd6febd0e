// INFO: what monitoring tools of Redis read.
#include <fmt/format.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/command_table.h"
#include "base/command_line.h"
#include "resp/errors.h"

namespace doris::admin {

// All sections, whichever are asked for: together they are short.
void run_info(AdminSession& session, Args) {
  Admin& admin = session.admin();
  const topology::Topology& topology = admin.store().topology();
  session.answer().verbatim(
      fmt::format("# Server\r\nredis_version:{}\r\ndoris_version:{}\r\nredis_mode:standalone\r\n"
                  "process_id:{}\r\ntcp_port:{}\r\nuptime_in_seconds:{}\r\n"
                  "\r\n# Clients\r\nconnected_clients:{}\r\n"
                  "\r\n# Persistence\r\nloading:0\r\n"
                  "\r\n# Replication\r\nrole:master\r\nconnected_slaves:0\r\n"
                  "\r\n# Cluster\r\ncluster_enabled:0\r\n"
                  "\r\n# Doris\r\ncluster:{}\r\nepoch:{}\r\nvnodes:{}\r\nnodes:{}\r\nformed:{}\r\n",
                  resp::kRedisVersion, doris_version(), ::getpid(), admin.port(),
                  std::chrono::duration_cast<std::chrono::seconds>(admin.uptime()).count(),
                  admin.sessions(), topology.cluster, topology.epoch, topology.vnodes,
                  topology.nodes.size(), topology.formed() ? 1 : 0));
}

}  // namespace doris::admin
