// SET DEL SETNX GETSET GETDEL APPEND INCR DECR INCRBY DECRBY: commands that write depending on
// what is there. The primary evaluates them. A SET without options does not: it is blind.
#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <optional>

#include "resp/errors.h"
#include "resp/words.h"
#include "router/command_table.h"
#include "router/key_request.h"

namespace doris::router {
namespace {

using resp::Update;

void submit(ClientSession& session, Request* request) {
  if (request != nullptr) session.submit(request);
}

struct SetOptions {
  bool if_absent = false;
  bool if_present = false;
  bool get = false;
};

// An option that is not known must never be ignored: a client that asked for a time to live and
// got OK would believe in it.
std::optional<SetOptions> read_options(Args words) {
  SetOptions options;
  for (const std::string_view word : words) {
    if (resp::equals_ignoring_case(word, "nx")) {
      options.if_absent = true;
    } else if (resp::equals_ignoring_case(word, "xx")) {
      options.if_present = true;
    } else if (resp::equals_ignoring_case(word, "get")) {
      options.get = true;
    } else {
      return std::nullopt;
    }
  }
  if (options.if_absent && options.if_present) return std::nullopt;
  return options;
}

// None: blind.
std::optional<Update> update_of(const SetOptions& options) {
  if (options.if_absent) return options.get ? Update::kGetSetIfAbsent : Update::kSetIfAbsent;
  if (options.if_present) return options.get ? Update::kGetSetIfPresent : Update::kSetIfPresent;
  if (options.get) return Update::kGetSet;
  return std::nullopt;
}

void add_to(ClientSession& session, std::string_view key, int64_t amount) {
  const fmt::format_int argument(amount);
  const std::string_view pair[] = {key, {argument.data(), argument.size()}};
  submit(session, plan_pairs(session, Request::Kind::kUpdate, pair, Update::kIncrement));
}

}  // namespace

void run_set(ClientSession& session, Args args) {
  const auto options = read_options(args.subspan(3));
  if (!options) {
    session.reply_error(resp::kSyntaxError);
    return;
  }
  const auto update = update_of(*options);
  const auto kind = update ? Request::Kind::kUpdate : Request::Kind::kSet;
  submit(session, plan_pairs(session, kind, args.subspan(1, 2), update));
}

void run_setnx(ClientSession& session, Args args) {
  submit(session,
         plan_pairs(session, Request::Kind::kSetnx, args.subspan(1), Update::kSetIfAbsent));
}

void run_getset(ClientSession& session, Args args) {
  submit(session, plan_pairs(session, Request::Kind::kUpdate, args.subspan(1), Update::kGetSet));
}

void run_append(ClientSession& session, Args args) {
  submit(session, plan_pairs(session, Request::Kind::kUpdate, args.subspan(1), Update::kAppend));
}

void run_del(ClientSession& session, Args args) {
  submit(session,
         plan_keys(session, Request::Kind::kDel, Verb::kUpdate, args.subspan(1), Update::kDelete));
}

void run_getdel(ClientSession& session, Args args) {
  submit(session, plan_keys(session, Request::Kind::kUpdate, Verb::kUpdate, args.subspan(1),
                            Update::kGetDelete));
}

void run_incr(ClientSession& session, Args args) {
  add_to(session, args[1], 1);
}

void run_decr(ClientSession& session, Args args) {
  add_to(session, args[1], -1);
}

void run_incrby(ClientSession& session, Args args) {
  int64_t amount = 0;
  if (resp::parse_integer(args[2], amount)) {
    add_to(session, args[1], amount);
  } else {
    session.reply_error(resp::kNotAnInteger);
  }
}

void run_decrby(ClientSession& session, Args args) {
  int64_t amount = 0;
  if (!resp::parse_integer(args[2], amount)) {
    session.reply_error(resp::kNotAnInteger);
  } else if (amount == std::numeric_limits<int64_t>::min()) {
    session.reply_error("ERR decrement would overflow");
  } else {
    add_to(session, args[1], -amount);
  }
}

}  // namespace doris::router
