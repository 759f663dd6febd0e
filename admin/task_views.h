// TaskViews: what DORIS.TASKS and DORIS.VERIFY STATUS answer, and the update logs in DORIS.STATUS:
// what goes on beside the requests, how far it is and when it will end. Pure.
#pragma once

#include "admin/operator_views.h"
#include "resp/value.h"

namespace doris::admin {

// One map for each recovery, update log that drains, and verification that is under way; and one
// for the comparison in the background, which always is while all is well.
[[nodiscard]] resp::Value tasks_view(const Scene& scene);

// How many there are besides that.
[[nodiscard]] size_t tasks_under_way(const Scene& scene);

// One map for each update log: for whom it is kept and by whom, how deep and old it is, and when it
// will be empty.
[[nodiscard]] resp::Value logs_view(const Scene& scene);

// The last DORIS.VERIFY: how far it is, and the first differences that it has found.
[[nodiscard]] resp::Value verification_view(const Scene& scene);

// Whether the last DORIS.VERIFY has not ended.
[[nodiscard]] bool verification_runs(const Scene& scene);

}  // namespace doris::admin
