// GET SET DEL EXISTS MGET MSET DBSIZE: commands that become requests to data servers.
#include <fmt/format.h>

#include "base/limits.h"
#include "resp/errors.h"
#include "router/command_table.h"
#include "router/planner.h"

namespace doris::router {
namespace {

bool has_topology(ClientSession& session) {
  const Dispatcher* dispatcher = session.host().dispatcher();
  if (dispatcher != nullptr && dispatcher->routing_table() != nullptr) return true;
  session.reply_loading();
  return false;
}

Planner planner(ClientSession& session) {
  return {session.host().hasher(), session.host().dispatcher()->routing_table()->vnodes(),
          session.name_space};
}

void refuse_key(ClientSession& session, Request* request) {
  session.drop(request);
  session.reply_error(
      fmt::format("ERR the key is too long: a key has at most {} bytes", kKeyBytesMax));
}

// One part per argument after the command's name.
void run_on_keys(ClientSession& session, Request::Kind kind, Verb verb, Args args) {
  if (!has_topology(session)) return;
  Request* request = session.new_request(kind, verb);
  Planner plan = planner(session);
  for (const std::string_view key : args.subspan(1)) {
    if (!plan.add_key(*request, key)) {
      refuse_key(session, request);
      return;
    }
  }
  session.submit(request);
}

// One part per pair of a key and a value.
void run_on_pairs(ClientSession& session, Request::Kind kind, Args pairs) {
  if (!has_topology(session)) return;
  Request* request = session.new_request(kind, Verb::kSet);
  Planner plan = planner(session);
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    if (!plan.add_key(*request, pairs[i])) {
      refuse_key(session, request);
      return;
    }
    Planner::add_value(*request, pairs[i + 1]);
  }
  session.submit(request);
}

}  // namespace

void run_get(ClientSession& session, Args args) {
  run_on_keys(session, Request::Kind::kGet, Verb::kGet, args);
}

void run_mget(ClientSession& session, Args args) {
  run_on_keys(session, Request::Kind::kMget, Verb::kGet, args);
}

void run_del(ClientSession& session, Args args) {
  run_on_keys(session, Request::Kind::kDel, Verb::kDel, args);
}

void run_exists(ClientSession& session, Args args) {
  run_on_keys(session, Request::Kind::kExists, Verb::kHas, args);
}

// An option that is not known must never be ignored: a client that asked for NX and got OK
// would believe that it holds a lock.
void run_set(ClientSession& session, Args args) {
  if (args.size() > 3) {
    session.reply_error(resp::kSyntaxError);
    return;
  }
  run_on_pairs(session, Request::Kind::kSet, args.subspan(1));
}

void run_mset(ClientSession& session, Args args) {
  if (args.size() % 2 == 0) {
    session.reply_error(resp::wrong_arity("mset"));
    return;
  }
  run_on_pairs(session, Request::Kind::kMset, args.subspan(1));
}

void run_dbsize(ClientSession& session, Args) {
  if (!has_topology(session)) return;
  const Dispatcher& dispatcher = *session.host().dispatcher();
  Request* request = session.new_request(Request::Kind::kDbsize, Verb::kCount);
  Planner::add_count(*request, *dispatcher.routing_table(), dispatcher.countable_group(),
                     session.name_space, session.host().settings().databases);
  session.submit(request);
}

}  // namespace doris::router
