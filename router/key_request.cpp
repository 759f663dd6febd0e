#include "router/key_request.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "router/planner.h"

namespace doris::router {
namespace {

Planner planner(ClientSession& session) {
  return {session.host().hasher(), session.host().dispatcher()->routing_table()->vnodes(),
          session.name_space};
}

Request* refuse_key(ClientSession& session, Request* request) {
  session.drop(request);
  session.reply_error(
      fmt::format("ERR the key is too long: a key has at most {} bytes", kKeyBytesMax));
  return nullptr;
}

}  // namespace

bool has_topology(ClientSession& session) {
  const Dispatcher* dispatcher = session.host().dispatcher();
  if (dispatcher != nullptr && dispatcher->routing_table() != nullptr) return true;
  session.reply_loading();
  return false;
}

Request* plan_keys(ClientSession& session, Request::Kind kind, Verb verb, Args keys,
                   std::optional<resp::Update> update) {
  if (!has_topology(session)) return nullptr;
  Request* request = session.new_request(kind, verb);
  Planner plan = planner(session);
  for (const std::string_view key : keys) {
    if (!plan.add_key(*request, key)) return refuse_key(session, request);
    if (update) Planner::make_update(*request, *update);
  }
  return request;
}

Request* plan_pairs(ClientSession& session, Request::Kind kind, Args pairs,
                    std::optional<resp::Update> update) {
  if (!has_topology(session)) return nullptr;
  Request* request = session.new_request(kind, update ? Verb::kUpdate : Verb::kSet);
  Planner plan = planner(session);
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    if (!plan.add_key(*request, pairs[i])) return refuse_key(session, request);
    Planner::add_value(*request, pairs[i + 1]);
    if (update) Planner::make_update(*request, *update);
  }
  return request;
}

}  // namespace doris::router
