// DORIS.VERIFY and DORIS.TASKS: what goes on beside the requests.
#include <fmt/format.h>

#include "admin/admin.h"
#include "admin/command_table.h"
#include "admin/task_views.h"
#include "resp/words.h"

namespace doris::admin {
namespace {

constexpr std::string_view kUsage = "ERR DORIS.VERIFY takes nothing, REPAIR, STATUS or STOP";

void start_verification(AdminSession& session, bool repairs) {
  Admin& admin = session.admin();
  if (!admin.store().topology().formed()) {
    session.error("NOTREADY the cluster is forming, and there is nothing to compare");
  } else if (verification_runs(admin.scene())) {
    session.error("BUSY a verification is under way: see DORIS.VERIFY STATUS, or say STOP");
  } else {
    admin.verify(repairs);
    session.answer().simple("OK, see DORIS.VERIFY STATUS");
  }
}

}  // namespace

void run_verify(AdminSession& session, Args args) {
  const auto is = [&](std::string_view word) {
    return args.size() == 2 && resp::equals_ignoring_case(args[1], word);
  };
  if (args.size() == 1 || is("repair")) {
    start_verification(session, is("repair"));
  } else if (is("status")) {
    session.show(verification_view(session.admin().scene()));
  } else if (is("stop")) {
    session.admin().stop_verifying();
    session.answer().simple("OK");
  } else {
    session.error(kUsage);
  }
}

void run_tasks(AdminSession& session, Args) {
  session.show(tasks_view(session.admin().scene()));
}

}  // namespace doris::admin
