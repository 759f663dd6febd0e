#include "admin/topology_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "base/log.h"
#include "base/topology/topology_codec.h"

namespace doris::admin {
namespace {

const Log kLog("admin");

constexpr uint32_t kFormatVersion = 1;
constexpr uint32_t kRouterNumberMax = (1U << 23) - 1;  // A writer id has 23 bits for it.
constexpr std::string_view kFile = "topology.db";

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kTopologyKey = "topology";
constexpr std::string_view kNextNodeKey = "next-node";
constexpr std::string_view kNextRouterKey = "next-router";
constexpr std::string_view kDiskMarksKey = "disk-marks";

// The whole store is a few hundred kilobytes; these are the least that is comfortable.
constexpr uint64_t kCacheBytes = 8UL << 20;
constexpr uint64_t kLogFileBytes = 4UL << 20;
constexpr uint64_t kLogBufferBytes = 512UL << 10;
constexpr uint64_t kCheckpointLogBytes = 8UL << 20;

// The key of the epoch in which a node failed last, or an operator stopped to hold it.
std::string failure_key(topology::NodeId node) {
  return fmt::format("failed/{}", node);
}

// "1 4294968000\n2 4294970000\n"
std::string encode_marks(const DiskMarks::ByNode& marks) {
  std::string text;
  for (const auto& [node, mark] : marks)
    text += fmt::format("{} {}\n", node, mark);
  return text;
}

Result<DiskMarks::ByNode> decode_marks(const std::string& text) {
  DiskMarks::ByNode marks;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    topology::NodeId node = 0;
    uint64_t mark = 0;
    if (!(words >> node >> mark) || !words.eof()) {
      return Status::corrupt(fmt::format("{}: '{}' holds '{}'", kFile, kDiskMarksKey, line));
    }
    marks.emplace(node, mark);
  }
  return marks;
}

std::string draw_cluster_id(Random& random) {
  const uint64_t high = random.next();
  return fmt::format("{:016x}{:016x}", high, random.next());
}

bool has_a_log(const std::string& directory) {
  std::error_code error;
  for (std::filesystem::directory_iterator file(directory, error), end; !error && file != end;
       file.increment(error)) {
    if (file->path().filename().string().starts_with("log.")) return true;
  }
  return false;
}

// A directory that has Berkeley DB's log has had the topology, unless its first admin died as it
// made it. Berkeley DB would make a new file: another cluster, to which no data server belongs. To
// be asked before the environment is open: its recovery would go on without the file, and what is
// only in the log be lost when it is put back.
Status check_complete(const std::string& directory) {
  const std::filesystem::path file = std::filesystem::path(directory) / kFile;
  std::error_code error;
  if (std::filesystem::exists(file, error) || error || !has_a_log(directory)) return Status::okay();
  return Status::corrupt(
      fmt::format("{} is missing, though the log beside it is there: restore all of {} from a "
                  "backup, or empty it if a new cluster is wanted",
                  file.string(), directory));
}

}  // namespace

Result<std::unique_ptr<TopologyStore>> TopologyStore::open(const Options& options,
                                                           const Clock& clock, Random& random) {
  DORIS_RETURN_IF_ERROR(check_complete(options.directory));
  auto env = bdb::Environment::open({.directory = options.directory,
                                     .cache_bytes = kCacheBytes,
                                     .log_file_bytes = kLogFileBytes,
                                     .log_buffer_bytes = kLogBufferBytes});
  if (!env.ok()) return env.status();
  auto db = bdb::Database::open(**env, std::string(kFile));
  if (!db.ok()) return db.status();
  std::unique_ptr<TopologyStore> store(new TopologyStore(clock, *std::move(env), *std::move(db)));

  std::string ignored;
  const Result<bool> exists = store->db_->get(nullptr, kFormatKey, ignored);
  if (!exists.ok()) return exists.status();
  const Status ready =
      *exists ? store->load(options.vnodes) : store->make_cluster(options.vnodes, random);
  if (!ready.ok()) return ready.prefixed(options.directory);
  return store;
}

Status TopologyStore::make_cluster(uint32_t vnodes, Random& random) {
  topology::Topology first;
  first.cluster = draw_cluster_id(random);
  first.epoch = 1;
  first.vnodes = vnodes;
  std::string text = topology::encode(first);
  auto txn = bdb::Transaction::begin(*env_);
  if (!txn.ok()) return txn.status();
  DORIS_RETURN_IF_ERROR(db_->put(**txn, kFormatKey, fmt::to_string(kFormatVersion)));
  DORIS_RETURN_IF_ERROR(db_->put(**txn, kNextRouterKey, fmt::to_string(next_router_)));
  DORIS_RETURN_IF_ERROR(put_change(**txn, first, text, next_node_,
                                   {"the admin", fmt::format("made a cluster of {} vnodes", vnodes),
                                    "its directory was empty"}));
  DORIS_RETURN_IF_ERROR((*txn)->commit(bdb::Durability::kSync));
  topology_ = std::move(first);
  text_ = std::move(text);
  kLog.info("cluster {}: made in {}, {} vnodes", topology_.cluster, env_->directory(), vnodes);
  return Status::okay();
}

Status TopologyStore::load(uint32_t vnodes) {
  DORIS_RETURN_IF_ERROR(check_format());
  Result<std::string> text = read(kTopologyKey, kTopologyKey);
  if (!text.ok()) return text.status();
  Result<topology::Topology> stored = topology::decode(*text);
  if (!stored.ok()) return stored.status().prefixed("topology");
  const Result<uint32_t> next_node = read_number(kNextNodeKey);
  if (!next_node.ok()) return next_node.status();
  const Result<uint32_t> next_router = read_number(kNextRouterKey);
  if (!next_router.ok()) return next_router.status();
  DORIS_RETURN_IF_ERROR(load_disk_marks());
  if (stored->vnodes != vnodes) {
    return Status::invalid(fmt::format(
        "this cluster has {0} vnodes for life, and the setting vnodes says {1}: set it back to "
        "{0}, or make a new cluster in an empty admin-dir",
        stored->vnodes, vnodes));
  }
  topology_ = *std::move(stored);
  text_ = *std::move(text);
  next_node_ = *next_node;
  next_router_ = *next_router;
  kLog.info("cluster {}: epoch {}, {} nodes, from {}", topology_.cluster, topology_.epoch,
            topology_.nodes.size(), env_->directory());
  return Status::okay();
}

Status TopologyStore::check_format() {
  const Result<uint32_t> format = read_number(kFormatKey);
  if (!format.ok()) return format.status();
  if (*format <= kFormatVersion) return Status::okay();
  return Status::too_new(fmt::format(
      "its layout has version {}, and this Doris knows {} only: use the newer program that "
      "wrote it",
      *format, kFormatVersion));
}

// `name` is the key for people.
Result<std::string> TopologyStore::read(std::string_view key, std::string_view name) {
  std::string value;
  const Result<bool> found = db_->get(nullptr, key, value);
  if (!found.ok()) return found.status();
  if (!*found) return Status::corrupt(fmt::format("{}: {} is missing", kFile, name));
  return value;
}

Result<uint32_t> TopologyStore::read_number(std::string_view key) {
  const Result<std::string> text = read(key, key);
  if (!text.ok()) return text.status();
  uint32_t number = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, number);
  if (error == std::errc{} && rest == end && number > 0) return number;
  return Status::corrupt(fmt::format("{}: '{}' is not a number but '{}'", kFile, key, *text));
}

Status TopologyStore::change(topology::Topology next, const Cause& cause,
                             const DiskMarks::ByNode& marks) {
  DORIS_CHECK(next.epoch == topology_.epoch + 1, "every change makes the next epoch");
  DORIS_CHECK(next.cluster == topology_.cluster && next.vnodes == topology_.vnodes,
              "a cluster's id and its number of vnodes are for life");
  const Status valid = next.validate(/*allow_same_machine=*/true);
  DORIS_CHECK(valid.ok(), valid.message());

  const uint32_t highest_node = next.nodes.empty() ? 0 : next.nodes.back().id;
  const uint32_t next_node = std::max(next_node_, highest_node + 1);
  std::string text = topology::encode(next);
  auto txn = bdb::Transaction::begin(*env_);
  if (!txn.ok()) return txn.status();
  DORIS_RETURN_IF_ERROR(put_change(**txn, next, text, next_node, cause));
  DORIS_RETURN_IF_ERROR(put_failures(**txn, next));
  DORIS_RETURN_IF_ERROR(put_disk_marks(**txn, marks));
  DORIS_RETURN_IF_ERROR((*txn)->commit(bdb::Durability::kSync));
  topology_ = std::move(next);
  text_ = std::move(text);
  next_node_ = next_node;
  disk_marks_ = marks;
  kLog.info("epoch {}: {}: {} ({})", topology_.epoch, cause.who, cause.what, cause.why);
  checkpoint_if_due();
  return Status::okay();
}

Status TopologyStore::put_change(bdb::Transaction& txn, const topology::Topology& next,
                                 const std::string& text, uint32_t next_node, const Cause& cause) {
  const JournalEntry entry{next.epoch, clock_.wall_ms(), cause.who, cause.what, cause.why};
  DORIS_RETURN_IF_ERROR(db_->put(txn, kTopologyKey, text));
  DORIS_RETURN_IF_ERROR(db_->put(txn, kNextNodeKey, fmt::to_string(next_node)));
  return db_->put(txn, journal_key(next.epoch), encode_entry(entry));
}

Status TopologyStore::put_failures(bdb::Transaction& txn, const topology::Topology& next) {
  constexpr auto kFailed = topology::NodeState::kTempFailed;
  for (const topology::Node& node : next.nodes) {
    const topology::Node* const before = topology_.find(node.id);
    if (node.state != kFailed) continue;
    const bool fails = before == nullptr || before->state != kFailed;
    const bool released = before != nullptr && before->held && !node.held;
    if (!fails && !released) continue;
    DORIS_RETURN_IF_ERROR(db_->put(txn, failure_key(node.id), fmt::to_string(next.epoch)));
  }
  return Status::okay();
}

Result<int64_t> TopologyStore::failed_at(const topology::Node& node) {
  topology::Epoch epoch = node.since;  // Where an older Doris has failed it, there is no more.
  std::string ignored;
  const std::string key = failure_key(node.id);
  const Result<bool> is_known = db_->get(nullptr, key, ignored);
  if (!is_known.ok()) return is_known.status();
  if (*is_known) {
    const Result<uint32_t> failed = read_number(key);
    if (!failed.ok()) return failed.status();
    epoch = *failed;
  }
  const Result<JournalEntry> change = entry(epoch);
  if (!change.ok()) return change.status();
  return change->at_ms;
}

Result<uint32_t> TopologyStore::draw_router_number() {
  if (next_router_ > kRouterNumberMax) {
    return Status::unavailable("all router numbers of this cluster have been given");
  }
  auto txn = bdb::Transaction::begin(*env_);
  if (!txn.ok()) return txn.status();
  DORIS_RETURN_IF_ERROR(db_->put(**txn, kNextRouterKey, fmt::to_string(next_router_ + 1)));
  DORIS_RETURN_IF_ERROR((*txn)->commit(bdb::Durability::kSync));
  checkpoint_if_due();
  return next_router_++;
}

Status TopologyStore::keep_disk_marks(const DiskMarks::ByNode& marks) {
  auto txn = bdb::Transaction::begin(*env_);
  if (!txn.ok()) return txn.status();
  DORIS_RETURN_IF_ERROR(put_disk_marks(**txn, marks));
  DORIS_RETURN_IF_ERROR((*txn)->commit(bdb::Durability::kSync));
  disk_marks_ = marks;
  checkpoint_if_due();
  return Status::okay();
}

Status TopologyStore::put_disk_marks(bdb::Transaction& txn, const DiskMarks::ByNode& marks) {
  if (marks == disk_marks_) return Status::okay();
  return db_->put(txn, kDiskMarksKey, encode_marks(marks));
}

// An admin-dir that an older Doris has made has none.
Status TopologyStore::load_disk_marks() {
  std::string text;
  const Result<bool> found = db_->get(nullptr, kDiskMarksKey, text);
  if (!found.ok()) return found.status();
  if (!*found) return Status::okay();
  auto marks = decode_marks(text);
  if (!marks.ok()) return marks.status();
  disk_marks_ = *std::move(marks);
  return Status::okay();
}

Result<JournalEntry> TopologyStore::entry(topology::Epoch epoch) {
  const Result<std::string> text =
      read(journal_key(epoch), fmt::format("the journal entry of epoch {}", epoch));
  if (!text.ok()) return text.status();
  return decode_entry(epoch, *text);
}

Result<std::vector<JournalEntry>> TopologyStore::history(uint64_t count) {
  std::vector<JournalEntry> entries;
  // Epochs have no gaps, so the keys are known and no scan is needed.
  const topology::Epoch end = topology_.epoch - std::min(count, topology_.epoch);
  for (topology::Epoch epoch = topology_.epoch; epoch > end; --epoch) {
    Result<JournalEntry> one = entry(epoch);
    if (!one.ok()) return one.status();
    entries.push_back(*std::move(one));
  }
  return entries;
}

// Checkpoints let old log files go. A failed one is not a failed change: what was committed
// is in the log, and the next change tries again.
void TopologyStore::checkpoint_if_due() {
  if (env_->log_bytes_since_checkpoint() < kCheckpointLogBytes) return;
  const Status done = env_->checkpoint();
  if (!done.ok()) kLog.warning("checkpoint: {}", done.message());
}

}  // namespace doris::admin
