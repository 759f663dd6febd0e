// What a cluster says of itself, and waiting for it to say so.
#pragma once

#include <string>
#include <vector>

#include "tests/integration/cluster.h"

namespace doris::integration {

// How many copies there are: the line of DORIS.STATUS.
[[nodiscard]] std::string copies(Cluster& cluster);

// All lines that DORIS.STATUS shows to people.
[[nodiscard]] std::string status_of(Cluster& cluster);

// Every key has its two copies again.
[[nodiscard]] bool becomes_whole(Cluster& cluster);

// `server` has been failed over, and no other.
[[nodiscard]] bool becomes_degraded(Cluster& cluster, const std::string& server);

// A key of which not exactly two data servers hold a record, or not the same one, as all of
// them tell it; "" if soon there is none. Of a key that was never written there may be none.
[[nodiscard]] std::string disagreement(Cluster& cluster, const std::vector<std::string>& keys);

}  // namespace doris::integration
