// Settings: what the admin takes from doris.conf, read once at the start.
#pragma once

#include "admin/membership.h"
#include "admin/monitor.h"
#include "admin/topology_store.h"
#include "base/config.h"
#include "base/net/address.h"

namespace doris::admin {

struct Settings {
  explicit Settings(const Config& settings);

  const Config config;  // For CONFIG GET.
  net::Address listen;
  TopologyStore::Options store;
  MembershipRules rules;
  bool degraded_writes;
  Millis permanent_failure_after;
  Monitor::Options monitor;
};

}  // namespace doris::admin
