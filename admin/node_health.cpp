#include "admin/node_health.h"

#include <algorithm>

#include "base/check.h"

namespace doris::admin {

std::string_view health_name(Health health) {
  switch (health) {
    case Health::kUnknown:
      return "unknown";
    case Health::kUp:
      return "up";
    case Health::kDown:
      return "down";
  }
  DORIS_CHECK(false, "a health has one of three values");
}

bool NodeHealth::answered(const Heartbeat& heartbeat, TimePoint now) {
  const Health before = health_;
  last_ = heartbeat;
  failures_ = 0;
  refused_ = false;
  trouble_.clear();
  since_ = now;
  health_ = Health::kUp;
  return before != health_;
}

bool NodeHealth::missed(std::string why, bool refused, TimePoint now) {
  DORIS_CHECK(!why.empty(), "a heartbeat fails for a reason");
  const Health before = health_;
  if (health_ == Health::kUnknown && failures_ == 0) since_ = now;
  trouble_ = std::move(why);
  refused_ = refused;
  ++failures_;
  const bool waits = health_ == Health::kUnknown && now - since_ < grace_;
  if (failures_ >= failures_max_ && !waits) health_ = Health::kDown;
  return before != health_;
}

void NodeHealth::adopted(topology::Epoch epoch) {
  last_.epoch = std::max(last_.epoch, epoch);
}

}  // namespace doris::admin
