#include "tests/integration/cluster_state.h"

#include <algorithm>

namespace doris::integration {
namespace {

// Every data server in groups, and a connection to its control port.
struct Witness {
  std::string name;
  RedisClient client;
};

std::vector<Witness> witnesses(const Cluster& cluster) {
  std::vector<Witness> all;
  for (const std::string& name : cluster.names()) {
    if (name[0] == 'b' || (name[0] == 'a' && name != "admin-1"))
      all.push_back({name, cluster.client(name)});
  }
  return all;
}

// What the witnesses hold of a key; "" if that are two equal records, or none.
std::string quarrel(std::vector<Witness>& all, const std::string& key) {
  std::vector<std::string> records;
  std::string told;
  for (Witness& witness : all) {
    const Reply reply = witness.client.command({"DORIS.RECORD", key});
    const std::string state = reply.line("state");
    if (state == "absent") continue;
    records.push_back(state + " " + reply.line("version") + " " + reply.line("value"));
    told += "  " + witness.name + ": " + records.back() + reply.text + "\n";
  }
  const bool agree = records.empty() || (records.size() == 2 && records[0] == records[1]);
  return agree ? "" : key + ":\n" + told;
}

}  // namespace

std::string copies(Cluster& cluster) {
  return cluster.client().command({"DORIS.STATUS"}).line("copies");
}

std::string status_of(Cluster& cluster) {
  std::string text;
  for (const Reply& line : cluster.client().command({"DORIS.STATUS"}).items)
    text += line.text + "\n";
  return text;
}

bool becomes_whole(Cluster& cluster) {
  return eventually([&] {
    const Reply status = cluster.client().command({"DORIS.STATUS"});
    return status.line("copies") == "2 copies of all " + status.line("vnodes") + " vnodes";
  });
}

bool becomes_degraded(Cluster& cluster, const std::string& server) {
  return eventually([&] {
    return copies(cluster).ends_with("without " + server) &&
           status_of(cluster).find("failed at epoch") != std::string::npos;
  });
}

std::string disagreement(Cluster& cluster, const std::vector<std::string>& keys) {
  std::vector<Witness> all = witnesses(cluster);
  std::string last;
  (void)eventually([&] {
    const auto found = std::ranges::find_if(keys, [&](const std::string& key) {
      last = quarrel(all, key);
      return !last.empty();
    });
    return found == keys.end();
  });
  return last;
}

}  // namespace doris::integration
