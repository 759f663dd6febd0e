#include "router/write_path.h"

namespace doris::router {

Resumption resume_write(const topology::RoutingTable& table, const Part& part, const Entry& entry) {
  if (entry.attempt != part.attempt) return Resumption::kEnd;
  const bool proposed = part.version.epoch != 0;
  if (!proposed || part.asked_in == table.epoch()) return Resumption::kSendAgain;
  const topology::NodeId primary = table.replica(part.vnode, table.primary(part.vnode)).node;
  // What the primary has not answered is proposed anew in its turn, by its first copy's entry.
  const bool missed = part.primary_done && part.asked_in + 1 != table.epoch();
  const bool may_stay = entry.copy == Copy::kSecond && primary == part.primary && !missed;
  return may_stay ? Resumption::kSendAgain : Resumption::kProposeAnew;
}

Part* overwriting(const Part& part) {
  Request* request = part.request;
  if (request->verb != Verb::kSet || request->owner == nullptr) return nullptr;
  const std::string_view key = request->key(part);
  Part* last = nullptr;
  size_t next = static_cast<size_t>(&part - request->parts.data()) + 1;
  for (size_t left = kFollowersMax; request != nullptr; request = request->next, next = 0) {
    for (; next < request->parts.size(); ++next) {
      if (left-- == 0) return last;
      Part& each = request->parts[next];
      if (each.vnode != part.vnode || request->key(each) != key) continue;
      if (request->verb != Verb::kSet) return last;
      if (each.outstanding > 0 || is_on_both_copies(each)) last = &each;
    }
  }
  return last;
}

bool is_on_both_copies(const Part& part) {
  return part.certain && part.primary_done && part.second.done;
}

bool may_have_effect(const Part& part) {
  if (part.operation == 0) return false;  // A read, too.
  const bool done = part.primary_done || part.second.done;
  const bool evaluated = part.update != nullptr && part.update->changes;
  return done || evaluated || part.in_doubt || part.outstanding > 0;
}

}  // namespace doris::router
