// GET EXISTS MGET MSET DBSIZE: commands that read, and those that write blindly.
#include "resp/errors.h"
#include "router/command_table.h"
#include "router/key_request.h"
#include "router/planner.h"

namespace doris::router {
namespace {

void run_on_keys(ClientSession& session, Request::Kind kind, Verb verb, Args args) {
  if (Request* request = plan_keys(session, kind, verb, args.subspan(1))) session.submit(request);
}

}  // namespace

void run_get(ClientSession& session, Args args) {
  run_on_keys(session, Request::Kind::kGet, Verb::kGet, args);
}

void run_mget(ClientSession& session, Args args) {
  run_on_keys(session, Request::Kind::kMget, Verb::kGet, args);
}

void run_exists(ClientSession& session, Args args) {
  run_on_keys(session, Request::Kind::kExists, Verb::kHas, args);
}

void run_mset(ClientSession& session, Args args) {
  if (args.size() % 2 == 0) {
    session.reply_error(resp::wrong_arity("mset"));
    return;
  }
  if (Request* request = plan_pairs(session, Request::Kind::kMset, args.subspan(1)))
    session.submit(request);
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
