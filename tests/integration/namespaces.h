// Namespaces: machines with a network of their own, made of Linux network namespaces, so that a
// test can cut the wires between real programs.
//
//   Namespaces network({"admin-1", "a1", "b1", "router-1"});
//   if (!network.why_not().empty()) ...             // Skip: it takes root.
//   Cluster cluster({.network = &network});         // Each program on the machine of its name.
//   network.cut("router-1", "a1");                  // One way.
//   network.unplug("b1");
//   network.mend();
//
// The machines have addresses of 10.77.0.0/24 and hang on one switch, a bridge in a namespace of
// its own. The thread that makes this is on a further machine from then on, and so is every
// thread and program that it starts: they reach the others, and nothing else. It goes back when
// this is destroyed, which the same thread must do.
//
// No name, interface or address appears outside. The kernel takes all of it away when neither
// this nor a program in it is left, however the test ends.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace doris::integration {

class Namespaces {
 public:
  explicit Namespaces(const std::vector<std::string>& machines);
  ~Namespaces();
  Namespaces(const Namespaces&) = delete;
  Namespaces& operator=(const Namespaces&) = delete;

  // Why there is no such network here; "" if there is. The rest REQUIRES that there is.
  [[nodiscard]] const std::string& why_not() const { return why_not_; }

  [[nodiscard]] std::string address(const std::string& machine) const;
  [[nodiscard]] std::string path(const std::string& machine) const;  // For nsenter --net=PATH.

  // From now on nothing that `from` sends reaches `to`. What is on its way may.
  void cut(const std::string& from, const std::string& to);
  void cut_both_ways(const std::string& one, const std::string& other);

  // Pulls the cable of a machine.
  void unplug(const std::string& machine);

  // Undoes all that was cut and unplugged.
  void mend();

 private:
  struct Machine {
    int space = -1;
    uint32_t number = 0;
  };

  void build(const std::vector<std::string>& machines);
  void plug_in(const Machine& machine);
  bool ip(int space, const std::vector<std::string>& args);
  [[nodiscard]] const Machine& machine(const std::string& name) const;

  std::string why_not_;
  int outside_ = -1;  // Where the thread was before.
  int switch_ = -1;
  std::map<std::string, Machine> machines_;
  std::vector<std::pair<std::string, std::string>> cuts_;
  std::vector<std::string> unplugged_;
};

}  // namespace doris::integration
