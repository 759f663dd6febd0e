#include "router/info.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/command_line.h"
#include "resp/errors.h"

namespace doris::router {
namespace {

// Resident memory in bytes; 0 if the system does not say.
int64_t resident_bytes() {
  int64_t pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r"); file != nullptr) {
    if (std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * sysconf(_SC_PAGESIZE);
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::string server_section(const InfoFacts& facts) {
  utsname system{};
  uname(&system);
  return fmt::format(
      "# Server\r\nredis_version:{}\r\ndoris_version:{}\r\nredis_mode:standalone\r\n"
      "os:{} {} {}\r\narch_bits:64\r\nprocess_id:{}\r\ntcp_port:{}\r\nio_threads:{}\r\n"
      "uptime_in_seconds:{}\r\nuptime_in_days:{}\r\n",
      resp::kRedisVersion, doris_version(), system.sysname, system.release, system.machine,
      getpid(), facts.port, facts.threads, facts.uptime_s, facts.uptime_s / 86400);
}

std::string clients_section(const InfoFacts& facts) {
  return fmt::format(
      "# Clients\r\nconnected_clients:{}\r\nmaxclients:{}\r\nblocked_clients:0\r\n"
      "client_output_limit_disconnections:{}\r\n",
      facts.clients, facts.clients_max, facts.output_limit_hits);
}

std::string memory_section(const InfoFacts&) {
  const int64_t bytes = resident_bytes();
  const std::string human = fmt::format("{:.2f}M", static_cast<double>(bytes) / (1024.0 * 1024.0));
  return fmt::format(
      "# Memory\r\nused_memory:{0}\r\nused_memory_human:{1}\r\nused_memory_rss:{0}\r\n"
      "used_memory_rss_human:{1}\r\n",
      bytes, human);
}

// A router keeps nothing: what stands here is what clients look for.
std::string persistence_section(const InfoFacts&) {
  return "# Persistence\r\nloading:0\r\n";
}

std::string stats_section(const InfoFacts& facts) {
  return fmt::format(
      "# Stats\r\ntotal_connections_received:{}\r\nrejected_connections:{}\r\n"
      "total_commands_processed:{}\r\ntotal_error_replies:{}\r\nkeyspace_hits:{}\r\n"
      "keyspace_misses:{}\r\n",
      facts.connections, facts.rejected, facts.commands, facts.errors, facts.hits, facts.misses);
}

std::string replication_section(const InfoFacts&) {
  return "# Replication\r\nrole:master\r\nconnected_slaves:0\r\n";
}

std::string cpu_section(const InfoFacts&) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return fmt::format("# CPU\r\nused_cpu_sys:{:.6f}\r\nused_cpu_user:{:.6f}\r\n",
                     seconds(used.ru_stime), seconds(used.ru_utime));
}

std::string cluster_section(const InfoFacts&) {
  return "# Cluster\r\ncluster_enabled:0\r\n";
}

// How many keys there are only the data servers know, and INFO asks nobody: DBSIZE does. The line
// is there, as Redis has it for databases that are empty, for tools that look for it.
std::string keyspace_section(const InfoFacts&) {
  return "# Keyspace\r\n";
}

std::string doris_section(const InfoFacts& facts) {
  return fmt::format(
      "# Doris\r\nadmin:{}\r\nepoch:{}\r\nbackend_requests_waiting:{}\r\n"
      "backend_bytes_waiting:{}\r\n",
      facts.admin, facts.epoch, facts.backend_queued, facts.backend_bytes);
}

struct Section {
  std::string_view name;
  std::string (*text)(const InfoFacts&);
};

constexpr Section kSections[] = {
    {"server", server_section},     {"clients", clients_section},
    {"memory", memory_section},     {"persistence", persistence_section},
    {"stats", stats_section},       {"replication", replication_section},
    {"cpu", cpu_section},           {"cluster", cluster_section},
    {"keyspace", keyspace_section}, {"doris", doris_section},
};

bool wanted(std::string_view name, const std::vector<std::string>& sections) {
  if (sections.empty()) return true;
  return std::any_of(sections.begin(), sections.end(), [&](const std::string& section) {
    return section == name || section == "default" || section == "all" || section == "everything";
  });
}

}  // namespace

void InfoFacts::add(const WorkerStats& stats) {
  clients += stats.clients.get();
  connections += stats.connections.get();
  commands += stats.commands.get();
  errors += stats.errors.get();
  hits += stats.keyspace_hits.get();
  misses += stats.keyspace_misses.get();
  output_limit_hits += stats.output_limit_hits.get();
  backend_queued += stats.backend_queued.get();
  backend_bytes += stats.backend_bytes.get();
}

std::string info_text(const InfoFacts& facts, const std::vector<std::string>& sections) {
  std::string text;
  for (const Section& section : kSections) {
    if (!wanted(section.name, sections)) continue;
    if (!text.empty()) text += "\r\n";
    text += section.text(facts);
  }
  return text;
}

}  // namespace doris::router
