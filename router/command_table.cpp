#include "router/command_table.h"

#include <array>
#include <unordered_map>

#include "resp/errors.h"
#include "resp/words.h"

namespace doris::router {
namespace {

constexpr size_t kNameBytesMax = 32;

// name, arity, flags, first key, last key, step, group, since, summary; handler.
constexpr Command kCommands[] = {
    {{"get", 2, "readonly fast", 1, 1, 1, "string", "1.0.0", "Get the value of a key"}, run_get},
    {{"set", -3, "write denyoom", 1, 1, 1, "string", "1.0.0", "Set the string value of a key"},
     run_set},
    {{"del", -2, "write", 1, -1, 1, "generic", "1.0.0", "Delete a key"}, run_del},
    {{"exists", -2, "readonly fast", 1, -1, 1, "generic", "1.0.0", "Determine if a key exists"},
     run_exists},
    {{"mget", -2, "readonly fast", 1, -1, 1, "string", "1.0.0",
      "Get the values of all the given keys"},
     run_mget},
    {{"mset", -3, "write denyoom", 1, -1, 2, "string", "1.0.1",
      "Set multiple keys to multiple values"},
     run_mset},
    {{"setnx", 3, "write denyoom fast", 1, 1, 1, "string", "1.0.0",
      "Set the string value of a key only when the key doesn't exist"},
     run_setnx},
    {{"getset", 3, "write denyoom fast", 1, 1, 1, "string", "1.0.0",
      "Return the previous string value of a key after setting it to a new value"},
     run_getset},
    {{"getdel", 2, "write fast", 1, 1, 1, "string", "6.2.0",
      "Return the string value of a key after deleting the key"},
     run_getdel},
    {{"append", 3, "write denyoom fast", 1, 1, 1, "string", "2.0.0",
      "Append a string to the value of a key"},
     run_append},
    {{"incr", 2, "write denyoom fast", 1, 1, 1, "string", "1.0.0",
      "Increment the integer value of a key by one"},
     run_incr},
    {{"decr", 2, "write denyoom fast", 1, 1, 1, "string", "1.0.0",
      "Decrement the integer value of a key by one"},
     run_decr},
    {{"incrby", 3, "write denyoom fast", 1, 1, 1, "string", "1.0.0",
      "Increment the integer value of a key by a number"},
     run_incrby},
    {{"decrby", 3, "write denyoom fast", 1, 1, 1, "string", "1.0.0",
      "Decrement the integer value of a key by a number"},
     run_decrby},
    {{"dbsize", 1, "readonly fast", 0, 0, 0, "server", "1.0.0",
      "Return the number of keys in the selected database"},
     run_dbsize},

    {{"ping", -1, "fast", 0, 0, 0, "connection", "1.0.0", "Ping the server"}, run_ping},
    {{"echo", 2, "loading stale fast", 0, 0, 0, "connection", "1.0.0", "Echo the given string"},
     run_echo},
    {{"quit", -1, "noscript loading stale fast no_auth", 0, 0, 0, "connection", "1.0.0",
      "Close the connection"},
     run_quit,
     true},
    {{"select", 2, "loading stale fast", 0, 0, 0, "connection", "1.0.0",
      "Change the selected database for the current connection"},
     run_select},
    {{"hello", -1, "noscript loading stale fast no_auth", 0, 0, 0, "connection", "6.0.0",
      "Handshake with Redis"},
     run_hello},
    {{"auth", -2, "noscript loading stale fast no_auth", 0, 0, 0, "connection", "1.0.0",
      "Authenticate to the server"},
     run_auth},
    {{"reset", 1, "noscript loading stale fast no_auth", 0, 0, 0, "connection", "6.2.0",
      "Reset the connection"},
     run_reset,
     true},
    {{"client", -2, "admin noscript", 0, 0, 0, "connection", "2.4.0",
      "A container for client connection commands"},
     run_client},

    {{"readonly", 1, "loading stale fast", 0, 0, 0, "connection", "3.0.0",
      "Answers that cluster support is disabled"},
     refuse_cluster},
    {{"readwrite", 1, "loading stale fast", 0, 0, 0, "connection", "3.0.0",
      "Answers that cluster support is disabled"},
     refuse_cluster},
    {{"cluster", -2, "", 0, 0, 0, "cluster", "3.0.0", "Answers that cluster support is disabled"},
     run_cluster},

    {{"info", -1, "loading stale", 0, 0, 0, "server", "1.0.0",
      "Get information and statistics about the server"},
     run_info},
    {{"command", -1, "loading stale", 0, 0, 0, "server", "2.8.13",
      "Get array of Redis command details"},
     run_command},
    {{"config", -2, "admin noscript", 0, 0, 0, "server", "2.0.0",
      "A container for server configuration commands"},
     run_config},
    {{"time", 1, "loading stale fast", 0, 0, 0, "server", "2.6.0",
      "Return the current server time"},
     run_time},

    {{"doris.help", 1, "admin", 0, 0, 0, "server", "0.1.0", "List the operator's commands"},
     run_doris},
    {{"doris.status", 1, "admin", 0, 0, 0, "server", "0.1.0", "Show how the cluster is"},
     run_doris},
    {{"doris.nodes", 1, "admin", 0, 0, 0, "server", "0.1.0", "List the data servers"}, run_doris},
    {{"doris.topology", 1, "admin", 0, 0, 0, "server", "0.1.0", "Show who holds what"}, run_doris},
    {{"doris.route", 2, "admin", 1, 1, 1, "server", "0.1.0", "Show where a key lives"}, run_doris},
    {{"doris.node", -1, "admin", 0, 0, 0, "server", "0.1.0", "Take a data server out of service"},
     run_doris},
    {{"doris.tasks", 1, "admin", 0, 0, 0, "server", "0.1.0", "Show what is moved or compared"},
     run_doris},
    {{"doris.verify", -1, "admin", 0, 0, 0, "server", "0.1.0", "Compare both copies of everything"},
     run_doris},
    {{"doris.lastwrite", 1, "fast", 0, 0, 0, "server", "0.1.0",
      "Show what the last write of this connection got"},
     run_last_write},
    {{"doris.history", -1, "admin", 0, 0, 0, "server", "0.1.0", "Show the changes of the topology"},
     run_doris},
};

// These only leave the refusal of MULTI, or enter it; to clients they are unknown.
constexpr Command kTransactionCommands[] = {
    {{"multi", -1, "", 0, 0, 0, "transactions", "1.2.0", ""}, run_multi, true},
    {{"exec", -1, "", 0, 0, 0, "transactions", "1.2.0", ""}, run_exec, true},
    {{"discard", -1, "", 0, 0, 0, "transactions", "2.0.0", ""}, run_exec, true},
};

using Index = std::unordered_map<std::string_view, const Command*>;

const Index& index() {
  static const Index all = [] {
    Index result;
    for (const Command& command : kCommands)
      result.emplace(command.spec.name, &command);
    for (const Command& command : kTransactionCommands) {
      result.emplace(command.spec.name, &command);
    }
    return result;
  }();
  return all;
}

}  // namespace

std::span<const Command> command_table() {
  return kCommands;
}

const Command* find_command(std::string_view name) {
  if (name.size() > kNameBytesMax) return nullptr;
  std::array<char, kNameBytesMax> lowered;
  for (size_t i = 0; i < name.size(); ++i)
    lowered[i] = resp::lower(name[i]);
  const auto found = index().find(std::string_view(lowered.data(), name.size()));
  return found == index().end() ? nullptr : found->second;
}

void refuse_unknown(ClientSession& session, Args args) {
  session.reply_error(resp::unknown_command(args));
}

}  // namespace doris::router
