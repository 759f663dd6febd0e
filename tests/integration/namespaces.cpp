#include "tests/integration/namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <functional>
#include <thread>
#include <utility>

#include "base/check.h"
#include "tests/integration/process.h"

namespace doris::integration {
namespace {

const std::string kTest = "the test itself";

// A hardware address that no machine has. What is sent to it gets lost at the switch.
constexpr const char* kNowhere = "02:00:00:00:00:ff";

int this_space() {
  return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

// A new namespace; -1 if there may be none. A thread of its own goes there, so that this one
// need not.
int new_space() {
  int space = -1;
  std::thread([&] {
    if (unshare(CLONE_NEWNET) == 0) space = this_space();
  }).join();
  return space;
}

// Other processes find an open namespace so, as long as this one lives.
std::string path_of(int space) {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(space);
}

std::string port_name(uint32_t number) {
  return "port" + std::to_string(number);
}

std::string address_of(uint32_t number) {
  return "10.77.0." + std::to_string(number);
}

}  // namespace

Namespaces::Namespaces(const std::vector<std::string>& machines) {
  if (run({"sh", "-c", "command -v ip && command -v nsenter"}).status != 0) {
    why_not_ = "network namespaces need the programs ip and nsenter";
    return;
  }
  outside_ = this_space();
  switch_ = new_space();
  if (switch_ < 0) {
    why_not_ = "making network namespaces needs more rights";
    return;
  }
  build(machines);
  if (why_not_.empty() && setns(machine(kTest).space, CLONE_NEWNET) != 0)
    why_not_ = "a network namespace cannot be entered";
}

Namespaces::~Namespaces() {
  if (outside_ >= 0) DORIS_CHECK(setns(outside_, CLONE_NEWNET) == 0, "there is a way back");
  for (const auto& [name, machine] : machines_)
    close(machine.space);
  if (switch_ >= 0) close(switch_);
  if (outside_ >= 0) close(outside_);
}

void Namespaces::build(const std::vector<std::string>& machines) {
  ip(switch_, {"link", "add", "switch", "type", "bridge"});
  ip(switch_, {"link", "set", "switch", "up"});
  std::vector<std::string> all = machines;
  all.push_back(kTest);
  uint32_t number = 0;
  for (const std::string& name : all) {
    const Machine& made = machines_[name] = {new_space(), ++number};
    if (made.space >= 0 && why_not_.empty()) plug_in(made);
  }
}

void Namespaces::plug_in(const Machine& machine) {
  const std::string port = port_name(machine.number);
  ip(switch_, {"link", "add", port, "type", "veth", "peer", "name", "eth0", "netns",
               path_of(machine.space)});
  ip(switch_, {"link", "set", port, "master", "switch", "up"});
  ip(machine.space, {"link", "set", "lo", "up"});
  ip(machine.space, {"address", "add", address_of(machine.number) + "/24", "dev", "eth0"});
  ip(machine.space, {"link", "set", "eth0", "up"});
}

// Runs the program ip in a namespace. What it has to say against it is why_not().
bool Namespaces::ip(int space, const std::vector<std::string>& args) {
  std::vector<std::string> argv = {"ip"};
  argv.insert(argv.end(), args.begin(), args.end());
  Outcome outcome;
  std::thread([&] {
    DORIS_CHECK(setns(space, CLONE_NEWNET) == 0, "a namespace that was made can be entered");
    outcome = run(argv);
  }).join();
  if (outcome.status != 0 && why_not_.empty())
    why_not_ = "this kernel lacks a part of network namespaces: ip " + args[0] + " " + args[1] +
               ": " + outcome.output;
  return outcome.status == 0;
}

std::string Namespaces::address(const std::string& name) const {
  return address_of(machine(name).number);
}

std::string Namespaces::path(const std::string& name) const {
  return path_of(machine(name).space);
}

// The sender believes that the receiver has moved to where nobody is. Unlike a route that leads
// nowhere this tells the sender nothing.
void Namespaces::cut(const std::string& from, const std::string& to) {
  DORIS_CHECK(ip(machine(from).space, {"neighbour", "replace", address(to), "lladdr", kNowhere,
                                       "dev", "eth0", "nud", "permanent"}),
              why_not_);
  cuts_.emplace_back(from, to);
}

void Namespaces::cut_both_ways(const std::string& one, const std::string& other) {
  cut(one, other);
  cut(other, one);
}

void Namespaces::unplug(const std::string& name) {
  DORIS_CHECK(ip(switch_, {"link", "set", port_name(machine(name).number), "down"}), why_not_);
  unplugged_.push_back(name);
}

void Namespaces::mend() {
  for (const std::string& name : std::exchange(unplugged_, {}))
    DORIS_CHECK(ip(switch_, {"link", "set", port_name(machine(name).number), "up"}), why_not_);
  for (const auto& [from, to] : std::exchange(cuts_, {}))
    DORIS_CHECK(ip(machine(from).space, {"neighbour", "delete", address(to), "dev", "eth0"}),
                why_not_);
}

const Namespaces::Machine& Namespaces::machine(const std::string& name) const {
  const auto found = machines_.find(name);
  DORIS_CHECK(found != machines_.end(), "there is a machine " + name);
  return found->second;
}

}  // namespace doris::integration
