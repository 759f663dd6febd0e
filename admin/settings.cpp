#include "admin/settings.h"

namespace doris::admin {

Settings::Settings(const Config& settings)
    : config(settings),
      listen{config.text("bind"), static_cast<uint16_t>(config.integer("admin-port"))},
      store{config.text("admin-dir"), static_cast<uint32_t>(config.integer("vnodes"))},
      rules{static_cast<uint32_t>(config.integer("initial-servers-per-group")),
            config.is_yes("allow-same-machine")},
      degraded_writes(config.is_yes("degraded-writes")),
      permanent_failure_after(config.duration("permanent-failure-after")),
      monitor{config.duration("heartbeat-interval"), config.duration("heartbeat-timeout"),
              static_cast<uint32_t>(config.integer("heartbeat-failures"))} {}

}  // namespace doris::admin
