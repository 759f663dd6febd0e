// INFO COMMAND CONFIG TIME, and DORIS.*: commands about the service.
#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"
#include "base/topology/key_hash.h"
#include "resp/config_reply.h"
#include "resp/errors.h"
#include "resp/words.h"
#include "router/command_table.h"

namespace doris::router {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    c = resp::lower(c);
  return result;
}

std::span<const resp::CommandSpec> specs() {
  static const std::vector<resp::CommandSpec> all = [] {
    std::vector<resp::CommandSpec> result;
    for (const Command& command : command_table())
      result.push_back(command.spec);
    return result;
  }();
  return all;
}

}  // namespace

void run_info(ClientSession& session, Args args) {
  std::vector<std::string> sections;
  for (const std::string_view section : args.subspan(1))
    sections.push_back(lower(section));
  session.reply_now().verbatim(session.host().info(sections));
}

void run_command(ClientSession& session, Args args) {
  resp::write_command_reply(session.reply_now(), specs(), args);
}

void run_config(ClientSession& session, Args args) {
  if (const std::string error = resp::config_error(args); !error.empty()) {
    session.reply_error(error);
    return;
  }
  resp::write_config_reply(session.reply_now(), session.host().settings().config, Program::kRouter,
                           args);
}

void run_time(ClientSession& session, Args) {
  const int64_t now_ms = session.host().clock().wall_ms();
  session.reply_now()
      .array(2)
      .bulk(fmt::to_string(now_ms / 1000))
      .bulk(fmt::to_string(now_ms % 1000 * 1000));
}

void run_last_write(ClientSession& session, Args) {
  session.do_in_turn(Request::Kind::kLastWrite);
}

// The admin answers; it knows physical keys only, so a key gets its namespace here.
void run_doris(ClientSession& session, Args args) {
  std::vector<std::string> forwarded(args.begin(), args.end());
  if (resp::equals_ignoring_case(args[0], "doris.route") && args.size() == 2) {
    forwarded[1].clear();
    topology::append_physical_key(session.name_space, args[1], forwarded[1]);
  }
  // The admin would close the connection that all clients of this router share.
  const auto too_long = [](const std::string& word) { return word.size() > kAdminBulkBytesMax; };
  if (forwarded.size() > kAdminArgsMax || std::ranges::any_of(forwarded, too_long)) {
    session.reply_error(
        fmt::format("ERR a DORIS command has at most {} words of {} bytes, a key's namespace "
                    "included",
                    kAdminArgsMax, kAdminBulkBytesMax));
    return;
  }
  Request* request = session.promise();
  session.host().forward(session, request, std::move(forwarded));
}

}  // namespace doris::router
