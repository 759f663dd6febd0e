#include "admin/disk_marks.h"

#include <algorithm>

namespace doris::admin {

bool DiskMarks::is_older(topology::NodeId node, uint64_t mark) const {
  const auto known = marks_.find(node);
  return mark != 0 && known != marks_.end() && mark < known->second;
}

bool DiskMarks::is_new(topology::NodeId node, uint64_t incarnation) const {
  const auto is = [&](const auto& of) {
    const auto known = of.find(node);
    return known != of.end() && known->second == incarnation;
  };
  return !is(incarnations_) && !is(heard_);
}

void DiskMarks::begins(topology::NodeId node, uint64_t incarnation, uint64_t mark) {
  incarnations_[node] = incarnation;
  if (mark != 0) marks_[node] = mark;
}

void DiskMarks::heard(topology::NodeId node, uint64_t incarnation, uint64_t mark) {
  heard_[node] = incarnation;
  const auto begun = incarnations_.find(node);
  if (begun != incarnations_.end() && begun->second != incarnation) return;
  uint64_t& known = marks_[node];
  known = std::max(known, mark);
}

}  // namespace doris::admin
