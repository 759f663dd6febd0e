// What all commands on keys begin with: a request, unless there is no topology yet or a key is
// too long; then the client has been told.
#pragma once

#include <optional>

#include "resp/update.h"
#include "router/client_session.h"

namespace doris::router {

// Whether there is a topology to plan with. If not, the client has been told.
bool has_topology(ClientSession& session);

// A request with one part per key, each an `update` if that is given. nullptr: refused.
Request* plan_keys(ClientSession& session, Request::Kind kind, Verb verb, Args keys,
                   std::optional<resp::Update> update = std::nullopt);

// A request with one part per pair of a key and its value: blind writes, or an `update` each.
// nullptr: refused.
Request* plan_pairs(ClientSession& session, Request::Kind kind, Args pairs,
                    std::optional<resp::Update> update = std::nullopt);

}  // namespace doris::router
