// CLIENT: what a client may ask and say about itself and the others.
#include "router/client_commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "resp/errors.h"
#include "resp/words.h"
#include "router/command_table.h"
#include "router/subcommand.h"

namespace doris::router {
namespace {

constexpr std::string_view kHelp[] = {
    "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "GETNAME",
    "    Return the name of the current connection.",
    "GETREDIR",
    "    Return -1: the router tracks no keys.",
    "ID",
    "    Return the ID of the current connection.",
    "INFO",
    "    Return information about the current client connection.",
    "KILL <ip:port>",
    "    Kill connection made from <ip:port>.",
    "KILL <option> <value> [<option> <value> [...]]",
    "    Kill connections, of all threads. Options are:",
    "    * ID <client-id>",
    "      Kill the connection with this ID",
    "    * ADDR <ip:port>",
    "      Kill connections made from the specified address",
    "    * LADDR <ip:port>",
    "      Kill connections made to specified local address",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Kill connections by type; all are normal ones.",
    "    * USER <username>",
    "      Kill connections authenticated by <username>; all are \"default\".",
    "    * SKIPME (YES|NO)",
    "      Skip killing current connection (default: yes).",
    "LIST [TYPE <type> | ID <client-id> [<client-id> ...]]",
    "    Return information about client connections, of all threads.",
    "NO-EVICT (ON|OFF)",
    "    Accepted for clients that ask; the router evicts nothing.",
    "NO-TOUCH (ON|OFF)",
    "    Accepted for clients that ask; the router keeps no times of use.",
    "REPLY (ON|OFF|SKIP)",
    "    Control the replies sent to the current connection.",
    "SETINFO <option> <value>",
    "    Set client meta attr. Options: lib-name, lib-ver.",
    "SETNAME <name>",
    "    Assign the name <name> to the current connection.",
    "UNPAUSE",
    "    Accepted for clients that ask; the router pauses nobody.",
    "HELP",
    "    Print this help."};

// Redis allows what a person can type and a log line can hold.
bool is_plain_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

void client_setinfo(ClientSession& session, Args args) {
  const bool is_name = resp::equals_ignoring_case(args[2], "lib-name");
  if (!is_name && !resp::equals_ignoring_case(args[2], "lib-ver")) {
    session.reply_error(fmt::format("ERR Unrecognized option '{}'", args[2]));
    return;
  }
  if (!is_plain_word(args[3])) {
    session.reply_error(
        fmt::format("ERR {} cannot contain spaces, newlines or special characters.", args[2]));
    return;
  }
  (is_name ? session.library_name : session.library_version).assign(args[3]);
  session.reply_now().simple("OK");
}

void client_id(ClientSession& session, Args) {
  session.reply_now().integer(static_cast<int64_t>(session.id()));
}

void client_setname(ClientSession& session, Args args) {
  if (set_client_name(session, args[2])) session.reply_now().simple("OK");
}

void client_info(ClientSession& session, Args) {
  session.reply_now().verbatim(session.describe() + "\n");
}

void client_getname(ClientSession& session, Args) {
  if (session.client_name.empty()) {
    session.reply_now().null();
  } else {
    session.reply_now().bulk(session.client_name);
  }
}

void client_list(ClientSession& session, Args args) {
  Result<ClientFilter> which = parse_client_list(args.subspan(2));
  if (!which.ok()) return session.reply_error(which.status().message());
  session.host().list_clients(session, session.promise(), std::move(*which));
}

// Who kills itself is told so before it is closed, but runs nothing more.
void client_kill(ClientSession& session, Args args) {
  Result<KillOrder> order = parse_client_kill(args.subspan(2));
  if (!order.ok()) return session.reply_error(order.status().message());
  const bool kills_itself = !order->skips_sender && order->which.takes(session);
  session.host().kill_clients(session, session.promise(), std::move(*order), kills_itself);
  if (kills_itself) session.close_when_replied();
}

// There is no CLIENT PAUSE that it could end.
void client_unpause(ClientSession& session, Args) {
  session.reply_now().simple("OK");
}

// Nobody tracks keys, so nobody's notices are redirected.
void client_getredir(ClientSession& session, Args) {
  session.reply_now().integer(-1);
}

void client_switch(ClientSession& session, Args args) {
  if (resp::equals_ignoring_case(args[2], "on") || resp::equals_ignoring_case(args[2], "off")) {
    session.reply_now().simple("OK");
  } else {
    session.reply_error(resp::kSyntaxError);
  }
}

// Only ON is answered, since only then anybody listens.
void client_reply(ClientSession& session, Args args) {
  if (resp::equals_ignoring_case(args[2], "on")) {
    session.reply_mode.on();
    session.reply_now().simple("OK");
  } else if (resp::equals_ignoring_case(args[2], "off")) {
    session.reply_mode.off();
  } else if (resp::equals_ignoring_case(args[2], "skip")) {
    session.reply_mode.skip_next();
  } else {
    session.reply_error(resp::kSyntaxError);
  }
}

void client_help(ClientSession& session, Args) {
  session.reply_now().lines(kHelp);
}

struct ClientCommand {
  std::string_view name;
  int arity;  // CLIENT included; negative: at least so many words.
  void (*run)(ClientSession& session, Args args);
};

constexpr ClientCommand kClientCommands[] = {
    {"id", 2, client_id},           {"getname", 2, client_getname},
    {"setname", 3, client_setname}, {"setinfo", 4, client_setinfo},
    {"info", 2, client_info},       {"list", -2, client_list},
    {"kill", -3, client_kill},      {"reply", 3, client_reply},
    {"no-evict", 3, client_switch}, {"no-touch", 3, client_switch},
    {"unpause", 2, client_unpause}, {"getredir", 2, client_getredir},
    {"help", 2, client_help},
};

}  // namespace

bool set_client_name(ClientSession& session, std::string_view name) {
  if (!is_plain_word(name)) {
    session.reply_error("ERR Client names cannot contain spaces, newlines or special characters.");
    return false;
  }
  session.client_name.assign(name);
  return true;
}

void run_client(ClientSession& session, Args args) {
  const auto* const command = find_subcommand(session, "client", kClientCommands, args);
  if (command != nullptr) command->run(session, args);
}

}  // namespace doris::router
