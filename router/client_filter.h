// ClientFilter: which clients CLIENT LIST shows and CLIENT KILL closes. The same one is asked on
// the thread of every worker, each about its own clients.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "resp/value.h"

namespace doris::router {

class ClientSession;

struct ClientFilter {
  // What is set must hold, all of it.
  std::optional<std::vector<int64_t>> ids;   // One of these; sorted.
  std::optional<std::string> address;        // "127.0.0.1:53122", the client's.
  std::optional<std::string> local_address;  // The router's end.
  bool none_of_the_type = false;  // A replica, a master, a subscriber: the router has none.
  std::optional<uint64_t> except;

  [[nodiscard]] bool takes(const ClientSession& session) const;
};

struct KillOrder {
  ClientFilter which;
  bool skips_sender = true;
  bool by_address_only = false;  // CLIENT KILL address, which is older than the options.

  // To the sender, when so many have been closed.
  [[nodiscard]] resp::Value reply(int64_t killed) const;
};

// Read the words behind LIST and KILL. The message of a failure is the reply, in Redis's words.
[[nodiscard]] Result<ClientFilter> parse_client_list(std::span<const std::string_view> words);
[[nodiscard]] Result<KillOrder> parse_client_kill(std::span<const std::string_view> words);

}  // namespace doris::router
