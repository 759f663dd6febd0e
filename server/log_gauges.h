// LogGauges: how deep and how old the update logs are that a shard keeps for other nodes, and how
// fast those that are being fetched drain.
//
// The age of a log is that of its oldest entry. It is noted as entries come; the logs that a
// process finds when it starts are read for it, a page at each look. Entries that have gone since
// may have been the oldest: a log is never older than it says.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/shard_report.h"
#include "server/store.h"

namespace doris::server {

class LogGauges {
 public:
  // An entry for `target` was written.
  void wrote(topology::NodeId target, const resp::Version& version);

  // To be called often, and first before any wrote(). `topology` says who recovers; nullptr before
  // there is one.
  void look(Store& store, const topology::Topology* topology, TimePoint now);

  // As of the last look.
  [[nodiscard]] std::vector<LogReport> reports(TimePoint now) const;

 private:
  struct Gauge {
    LogStats stats;
    int64_t oldest_ms = INT64_MAX;
    bool read = false;          // All that the process has found was read.
    std::string position;       // So far.
    uint64_t drained_from = 0;  // Entries when its target began to recover; 0: it does not.
    TimePoint drained_since{};
  };

  static void read_page(Store& store, topology::NodeId target, Gauge& gauge);
  static void note(Gauge& gauge, const resp::Version& version);

  std::map<topology::NodeId, Gauge> gauges_;
};

}  // namespace doris::server
