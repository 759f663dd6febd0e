#include "router/client_filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "resp/errors.h"
#include "resp/words.h"
#include "router/client_session.h"

namespace doris::router {
namespace {

Status syntax_error() {
  return Status::invalid(std::string(resp::kSyntaxError));
}

// TYPE. All clients of a router are normal ones.
Status read_type(std::string_view word, ClientFilter& filter) {
  constexpr std::string_view kOthers[] = {"slave", "replica", "pubsub", "master"};
  filter.none_of_the_type = std::ranges::any_of(
      kOthers, [&](std::string_view other) { return resp::equals_ignoring_case(word, other); });
  if (filter.none_of_the_type || resp::equals_ignoring_case(word, "normal")) return Status::okay();
  return Status::invalid(fmt::format("ERR Unknown client type '{}'", word));
}

Status read_id(std::string_view word, ClientFilter& filter) {
  int64_t id = 0;
  if (!resp::parse_integer(word, id) || id < 1) {
    return Status::invalid("ERR client-id should be greater than 0");
  }
  filter.ids.emplace({id});
  return Status::okay();
}

// USER. There is one only.
Status read_user(std::string_view word) {
  if (word == "default") return Status::okay();
  return Status::invalid(fmt::format("ERR No such user '{}'", word));
}

Status read_skipme(std::string_view word, KillOrder& order) {
  order.skips_sender = resp::equals_ignoring_case(word, "yes");
  if (order.skips_sender || resp::equals_ignoring_case(word, "no")) return Status::okay();
  return syntax_error();
}

Status read_kill_option(std::string_view option, std::string_view value, KillOrder& order) {
  const auto is = [&](std::string_view name) { return resp::equals_ignoring_case(option, name); };
  if (is("id")) return read_id(value, order.which);
  if (is("type")) return read_type(value, order.which);
  if (is("user")) return read_user(value);
  if (is("skipme")) return read_skipme(value, order);
  if (is("addr")) {
    order.which.address = value;
  } else if (is("laddr")) {
    order.which.local_address = value;
  } else {
    return syntax_error();
  }
  return Status::okay();
}

}  // namespace

bool ClientFilter::takes(const ClientSession& session) const {
  if (none_of_the_type || session.id() == except) return false;
  if (ids && !std::ranges::binary_search(*ids, static_cast<int64_t>(session.id()))) return false;
  if (address && *address != session.peer()) return false;
  return !local_address || *local_address == session.local();
}

resp::Value KillOrder::reply(int64_t killed) const {
  if (!by_address_only) return resp::Value::of(killed);
  return killed > 0 ? resp::Value::simple("OK") : resp::Value::error("ERR No such client");
}

Result<ClientFilter> parse_client_list(std::span<const std::string_view> words) {
  ClientFilter filter;
  if (words.empty()) return filter;
  if (words.size() == 2 && resp::equals_ignoring_case(words[0], "type")) {
    DORIS_RETURN_IF_ERROR(read_type(words[1], filter));
    return filter;
  }
  if (words.size() < 2 || !resp::equals_ignoring_case(words[0], "id")) return syntax_error();
  filter.ids.emplace();
  for (const std::string_view word : words.subspan(1)) {
    if (!resp::parse_integer(word, filter.ids->emplace_back())) {
      return Status::invalid("ERR Invalid client ID");
    }
  }
  std::ranges::sort(*filter.ids);
  return filter;
}

Result<KillOrder> parse_client_kill(std::span<const std::string_view> words) {
  KillOrder order;
  if (words.size() == 1) {
    order.which.address = words[0];
    order.skips_sender = false;
    order.by_address_only = true;
    return order;
  }
  if (words.size() % 2 != 0) return syntax_error();
  for (size_t i = 0; i < words.size(); i += 2)
    DORIS_RETURN_IF_ERROR(read_kill_option(words[i], words[i + 1], order));
  return order;
}

}  // namespace doris::router
