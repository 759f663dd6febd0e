#include "base/topology/topology_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <numeric>

#include "base/topology/allocation.h"

namespace doris::topology {
namespace {

constexpr uint64_t kFormatVersion = 1;
constexpr uint32_t kPrimariesPerLine = 256;
constexpr std::string_view kHexDigits = "0123456789abcdef";

// --- Writing ---

template <class... Args>
void line(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
  out.push_back('\n');
}

void write_run(std::string& out, uint32_t first, uint32_t last) {
  if (first == last) {
    fmt::format_to(std::back_inserter(out), "{}", first);
  } else {
    fmt::format_to(std::back_inserter(out), "{}-{}", first, last);
  }
}

void write_owners(std::string& out, const Topology& topology, Group group) {
  const uint32_t vnodes = topology.vnodes;
  const uint32_t stride = group_stride(vnodes, group);
  const std::vector<NodeId>& owner = topology.owner[static_cast<size_t>(group)];
  const auto owner_at = [&](uint32_t position) {
    return owner[vnode_at(position, stride, vnodes)];
  };
  std::map<NodeId, std::string> positions;
  for (uint32_t first = 0, end = 0; first < vnodes; first = end) {
    while (end < vnodes && owner_at(end) == owner_at(first))
      ++end;
    std::string& runs = positions[owner_at(first)];
    if (!runs.empty()) runs.push_back(',');
    write_run(runs, first, end - 1);
  }
  line(out, "order {} {}", group_name(group), stride);
  for (const auto& [id, runs] : positions)
    line(out, "owner {} {} {}", group_name(group), id, runs);
}

void write_primaries(std::string& out, const Topology& topology) {
  const std::vector<Group>& primary = topology.primary;
  for (size_t start = 0; start < primary.size(); start += kPrimariesPerLine) {
    const size_t count = std::min<size_t>(kPrimariesPerLine, primary.size() - start);
    std::vector<unsigned> digits((count + 3) / 4, 0);
    for (size_t i = 0; i < count; ++i) {
      if (primary[start + i] == Group::kB) digits[i / 4] |= 8U >> (i % 4);
    }
    std::string bits;
    for (const unsigned digit : digits)
      bits.push_back(kHexDigits[digit]);
    line(out, "primary {} {}", start, bits);
  }
}

// --- Reading ---

// Walks the lines of a text. Every error names the line at which the reader stands.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : text_(text) {}

  // Splits the next line into words. They stay until the next call.
  Status next() {
    ++number_;
    words_.clear();
    const size_t end = text_.find('\n');
    if (text_.empty()) return wrong("the text ends here, before its end line");
    if (end == std::string_view::npos) return wrong("the line is cut off");
    std::string_view rest = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    for (size_t space = 0; space != std::string_view::npos;) {
      space = rest.find(' ');
      words_.push_back(rest.substr(0, space));
      if (words_.back().empty()) return wrong("one space between two words, and none elsewhere");
      if (space != std::string_view::npos) rest.remove_prefix(space + 1);
    }
    return Status::okay();
  }

  // The line is `keyword` and `arguments` more words.
  [[nodiscard]] Status expect(std::string_view keyword, size_t arguments) const {
    if (words_[0] != keyword) return wrong(fmt::format("'{}' was expected", keyword));
    if (words_.size() == arguments + 1) return Status::okay();
    return wrong(fmt::format("'{}' takes {} words", keyword, arguments));
  }

  Status next(std::string_view keyword, size_t arguments) {
    DORIS_RETURN_IF_ERROR(next());
    return expect(keyword, arguments);
  }

  [[nodiscard]] bool is(std::string_view keyword) const { return words_[0] == keyword; }
  [[nodiscard]] std::string_view word(size_t index) const { return words_[index]; }
  [[nodiscard]] bool at_end() const { return text_.empty(); }

  [[nodiscard]] Status wrong(std::string_view what) const {
    return Status::invalid(fmt::format("line {}: {}", number_, what));
  }

  // A number of min..max without leading zeros.
  template <class Number>
  Status number(std::string_view word, Number min, Number max, Number& value) const {
    const char* const end = word.data() + word.size();
    const auto [rest, error] = std::from_chars(word.data(), end, value);
    const bool plain = error == std::errc{} && rest == end && (word.size() == 1 || word[0] != '0');
    if (plain && value >= min && value <= max) return Status::okay();
    return wrong(fmt::format("'{}' is not a number from {} to {}", word, min, max));
  }

 private:
  std::string_view text_;  // What has not been read.
  std::vector<std::string_view> words_;
  uint64_t number_ = 0;
};

Status read_version(LineReader& in) {
  DORIS_RETURN_IF_ERROR(in.next());
  uint64_t version = 0;
  DORIS_RETURN_IF_ERROR(in.expect("doris-topology", 1));
  DORIS_RETURN_IF_ERROR(in.number<uint64_t>(in.word(1), 1, UINT64_MAX, version));
  if (version == kFormatVersion) return Status::okay();
  return Status::too_new(
      fmt::format("line 1: the topology has format {}, and this Doris reads {} only: it is older "
                  "than the one that wrote it",
                  version, kFormatVersion));
}

Status read_head(LineReader& in, Topology& topology) {
  DORIS_RETURN_IF_ERROR(read_version(in));
  DORIS_RETURN_IF_ERROR(in.next("cluster", 1));
  topology.cluster = in.word(1);
  DORIS_RETURN_IF_ERROR(in.next("epoch", 1));
  DORIS_RETURN_IF_ERROR(in.number<Epoch>(in.word(1), 1, UINT32_MAX, topology.epoch));
  DORIS_RETURN_IF_ERROR(in.next("vnodes", 1));
  DORIS_RETURN_IF_ERROR(in.number<uint32_t>(in.word(1), 1, UINT16_MAX, topology.vnodes));
  DORIS_RETURN_IF_ERROR(in.next("degraded-writes", 1));
  topology.degraded_writes = in.word(1) == "yes";
  if (!topology.degraded_writes && in.word(1) != "no") return in.wrong("yes or no was expected");
  return Status::okay();
}

// Reads the node line at which `in` stands.
Status read_node(LineReader& in, Topology& topology) {
  DORIS_RETURN_IF_ERROR(in.expect("node", 11));
  Node node;
  DORIS_RETURN_IF_ERROR(in.number<NodeId>(in.word(1), 1, UINT16_MAX, node.id));
  node.name = in.word(2);
  const std::optional<Group> group = parse_group(in.word(3));
  if (!group) return in.wrong(fmt::format("there is no group '{}'", in.word(3)));
  node.group = *group;
  const std::optional<NodeState> state = parse_node_state(in.word(4));
  if (!state) return in.wrong(fmt::format("there is no state '{}'", in.word(4)));
  node.state = *state;
  node.machine = in.word(5);
  node.host = in.word(6);
  DORIS_RETURN_IF_ERROR(in.number<uint16_t>(in.word(7), 1, UINT16_MAX, node.port));
  DORIS_RETURN_IF_ERROR(in.number<uint8_t>(in.word(8), 1, UINT8_MAX, node.shards));
  DORIS_RETURN_IF_ERROR(in.number<Epoch>(in.word(9), 0, UINT32_MAX, node.since));
  DORIS_RETURN_IF_ERROR(in.number<NodeId>(in.word(10), 0, UINT16_MAX, node.stand_in));
  uint8_t held = 0;
  DORIS_RETURN_IF_ERROR(in.number<uint8_t>(in.word(11), 0, 1, held));
  node.held = held != 0;
  topology.nodes.push_back(std::move(node));
  return Status::okay();
}

// One group's table while it is read: which node owns each position of the group's order.
struct OwnerTable {
  uint32_t stride = 0;
  uint32_t left = 0;  // Positions that nobody owns yet.
  std::vector<NodeId> owner_at;
};

// Reads the first run of `positions` and takes it off.
Status read_run(LineReader& in, std::string_view& positions, NodeId id, OwnerTable& table) {
  const std::string_view run = positions.substr(0, positions.find(','));
  positions.remove_prefix(std::min(run.size() + 1, positions.size()));
  const auto max = static_cast<uint32_t>(table.owner_at.size() - 1);
  const size_t dash = run.find('-');
  uint32_t first = 0;
  DORIS_RETURN_IF_ERROR(in.number<uint32_t>(run.substr(0, dash), 0, max, first));
  uint32_t last = first;
  if (dash != std::string_view::npos) {
    DORIS_RETURN_IF_ERROR(in.number<uint32_t>(run.substr(dash + 1), first, max, last));
  }
  for (uint32_t position = first; position <= last; ++position) {
    if (table.owner_at[position] != kNoNode) {
      return in.wrong(fmt::format("position {} has an owner already", position));
    }
    table.owner_at[position] = id;
  }
  table.left -= last - first + 1;
  return Status::okay();
}

Status read_owner(LineReader& in, Group group, OwnerTable& table) {
  DORIS_RETURN_IF_ERROR(in.next());
  if (!in.is("owner")) {
    return in.wrong(fmt::format("positions of group {} that have no owner yet: {}",
                                group_name(group), table.left));
  }
  DORIS_RETURN_IF_ERROR(in.expect("owner", 3));
  if (in.word(1) != group_name(group)) {
    return in.wrong(fmt::format("an owner in group {} was expected", group_name(group)));
  }
  NodeId id = kNoNode;
  DORIS_RETURN_IF_ERROR(in.number<NodeId>(in.word(2), 1, UINT16_MAX, id));
  std::string_view positions = in.word(3);
  if (positions.ends_with(',')) return in.wrong("a run is missing after the last comma");
  while (!positions.empty())
    DORIS_RETURN_IF_ERROR(read_run(in, positions, id, table));
  return Status::okay();
}

// Reads the owners of a group; `in` stands at its order line.
Status read_owners(LineReader& in, Group group, Topology& topology) {
  DORIS_RETURN_IF_ERROR(in.expect("order", 2));
  if (in.word(1) != group_name(group)) return in.wrong("group a comes first, then group b");
  OwnerTable table{.left = topology.vnodes, .owner_at = {}};
  table.owner_at.resize(topology.vnodes, kNoNode);
  DORIS_RETURN_IF_ERROR(in.number<uint32_t>(in.word(2), 1, topology.vnodes, table.stride));
  if (std::gcd(table.stride, topology.vnodes) != 1) {
    return in.wrong(fmt::format("the stride {} shares a factor with the number of vnodes, {}",
                                table.stride, topology.vnodes));
  }
  while (table.left > 0)
    DORIS_RETURN_IF_ERROR(read_owner(in, group, table));

  std::vector<NodeId>& owner = topology.owner[static_cast<size_t>(group)];
  owner.resize(topology.vnodes);
  for (uint32_t position = 0; position < topology.vnodes; ++position) {
    owner[vnode_at(position, table.stride, topology.vnodes)] = table.owner_at[position];
  }
  return Status::okay();
}

Status read_primaries(LineReader& in, Topology& topology) {
  std::vector<Group>& primary = topology.primary;
  while (primary.size() < topology.vnodes) {
    DORIS_RETURN_IF_ERROR(in.next("primary", 2));
    const auto start = static_cast<uint32_t>(primary.size());
    uint32_t first = 0;
    DORIS_RETURN_IF_ERROR(in.number<uint32_t>(in.word(1), start, start, first));
    const uint32_t count = std::min(kPrimariesPerLine, topology.vnodes - start);
    const std::string_view bits = in.word(2);
    if (bits.size() != (count + 3) / 4) return in.wrong("the number of hex digits is wrong");
    for (uint32_t i = 0; i < bits.size() * 4; ++i) {
      const size_t digit = kHexDigits.find(bits[i / 4]);
      if (digit == std::string_view::npos) return in.wrong("a digit is not one of 0-9 a-f");
      const bool in_b = (digit & (8U >> (i % 4))) != 0;
      if (i < count) {
        primary.push_back(in_b ? Group::kB : Group::kA);
      } else if (in_b) {
        return in.wrong("a bit is set beyond the last vnode");
      }
    }
  }
  return Status::okay();
}

}  // namespace

std::string encode(const Topology& topology) {
  std::string out;
  line(out, "doris-topology {}", kFormatVersion);
  line(out, "cluster {}", topology.cluster);
  line(out, "epoch {}", topology.epoch);
  line(out, "vnodes {}", topology.vnodes);
  line(out, "degraded-writes {}", topology.degraded_writes ? "yes" : "no");
  for (const Node& node : topology.nodes) {
    line(out, "node {} {} {} {} {} {} {} {} {} {} {}", node.id, node.name, group_name(node.group),
         node_state_name(node.state), node.machine, node.host, node.port, node.shards, node.since,
         node.stand_in, node.held ? 1 : 0);
  }
  if (topology.formed()) {
    write_owners(out, topology, Group::kA);
    write_owners(out, topology, Group::kB);
    write_primaries(out, topology);
  }
  out += "end\n";
  return out;
}

Result<Topology> decode(std::string_view text) {
  LineReader in(text);
  Topology topology;
  DORIS_RETURN_IF_ERROR(read_head(in, topology));
  DORIS_RETURN_IF_ERROR(in.next());
  while (in.is("node")) {
    DORIS_RETURN_IF_ERROR(read_node(in, topology));
    DORIS_RETURN_IF_ERROR(in.next());
  }
  if (in.is("order")) {
    DORIS_RETURN_IF_ERROR(read_owners(in, Group::kA, topology));
    DORIS_RETURN_IF_ERROR(in.next());
    DORIS_RETURN_IF_ERROR(read_owners(in, Group::kB, topology));
    DORIS_RETURN_IF_ERROR(read_primaries(in, topology));
    DORIS_RETURN_IF_ERROR(in.next());
  }
  DORIS_RETURN_IF_ERROR(in.expect("end", 0));
  if (!in.at_end()) return in.wrong("something follows the end line");
  // What no single line shows; its message names the node or the table.
  DORIS_RETURN_IF_ERROR(topology.validate(/*allow_same_machine=*/true));
  return topology;
}

}  // namespace doris::topology
