#include "router/write_path.h"

namespace doris::router {

Resumption resume_write(const topology::RoutingTable& table, const Part& part, const Entry& entry) {
  if (entry.attempt != part.attempt) return Resumption::kEnd;
  const bool proposed = part.version.epoch != 0;
  if (!proposed || part.version.epoch == table.epoch()) return Resumption::kSendAgain;
  const topology::NodeId primary = table.replica(part.vnode, table.primary(part.vnode)).node;
  if (primary == part.primary) {
    return entry.copy == Copy::kPrimary ? Resumption::kProposeAnew : Resumption::kSendAgain;
  }
  if (!part.primary_done) return Resumption::kProposeAnew;
  return entry.copy == Copy::kPrimaryCopy ? Resumption::kSendAgain : Resumption::kCopyToBoth;
}

}  // namespace doris::router
