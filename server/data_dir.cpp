#include "server/data_dir.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "server/bdb_store.h"
#include "server/durable_file.h"

namespace doris::server {
namespace {

const Log kLog("store");

std::string manifest_path(const std::string& directory) {
  return directory + "/doris.store";
}
std::string topology_path(const std::string& directory) {
  return directory + "/topology";
}
std::string shard_path_of(const std::string& directory, uint32_t shard) {
  return fmt::format("{}/shard-{}", directory, shard);
}

Result<StoreManifest> make(const DataDir::Options& options) {
  for (uint32_t shard = 0; shard < kShardsMax; ++shard) {
    // A new store here would give the old one's keys to the wrong shards.
    std::error_code ignored;
    if (!std::filesystem::exists(shard_path_of(options.path, shard), ignored)) continue;
    return Status::corrupt(fmt::format("{} is missing, but {} is there: restore the file",
                                       manifest_path(options.path),
                                       shard_path_of(options.path, shard)));
  }
  StoreManifest manifest;
  manifest.node = options.node;
  manifest.shards = options.shards != 0 ? options.shards : options.shards_if_new;
  DORIS_RETURN_IF_ERROR(replace_file(manifest_path(options.path), encode_manifest(manifest)));
  kLog.info("{}: new store of node {} with {} shards", options.path, manifest.node,
            manifest.shards);
  return manifest;
}

Status check_owner(const StoreManifest& manifest, const DataDir::Options& options) {
  if (manifest.node != options.node) {
    return Status::invalid(
        fmt::format("data directory {} belongs to node {}, not to {}: give each node its own "
                    "server-dir",
                    options.path, manifest.node, options.node));
  }
  if (options.shards != 0 && options.shards != manifest.shards) {
    return Status::invalid(
        fmt::format("data directory {} was made with {} shards and cannot change to {}: set "
                    "shards to {} or 0, or start a new node with an empty server-dir",
                    options.path, manifest.shards, options.shards, manifest.shards));
  }
  return Status::okay();
}

// A server joins a cluster after it has made its shards. From then on a file that is absent
// was lost, and an empty one made in its place would answer for the keys that were in it.
Status check_shards(const StoreManifest& manifest, const std::string& directory) {
  if (manifest.cluster.empty()) return Status::okay();
  for (uint32_t shard = 0; shard < manifest.shards; ++shard) {
    for (const std::string_view name :
         {BdbStore::kDataFile, BdbStore::kMetaFile, BdbStore::kLogFile}) {
      const std::string path = fmt::format("{}/{}", shard_path_of(directory, shard), name);
      std::error_code error;
      if (std::filesystem::exists(path, error)) continue;
      if (error) return Status::from_errno(error.value(), path);
      return Status::corrupt(
          fmt::format("{} is missing: restore all of {}, or empty it and let the node be rebuilt",
                      path, directory));
    }
  }
  return Status::okay();
}

Result<StoreManifest> load(const DataDir::Options& options) {
  const std::string path = manifest_path(options.path);
  const Result<std::string> file = read_file(path);
  if (file.code() == Code::kNotFound) return make(options);
  if (!file.ok()) return file.status();
  Result<StoreManifest> manifest = decode_manifest(*file);
  if (manifest.code() == Code::kTooNew)
    return Status::too_new(
        fmt::format("data directory {} {}", options.path, manifest.status().message()));
  if (!manifest.ok()) return manifest.status().prefixed(path);
  DORIS_RETURN_IF_ERROR(check_owner(*manifest, options));
  DORIS_RETURN_IF_ERROR(check_shards(*manifest, options.path));
  return manifest;
}

}  // namespace

Result<std::unique_ptr<DataDir>> DataDir::open(const Options& options) {
  DORIS_CHECK(options.shards <= kShardsMax, "at most kShardsMax shards");
  Result<bdb::DirectoryLock> lock = bdb::DirectoryLock::acquire(options.path);
  if (!lock.ok()) return lock.status();
  Result<StoreManifest> manifest = load(options);
  if (!manifest.ok()) return manifest.status();
  return std::unique_ptr<DataDir>(
      new DataDir(options.path, *std::move(lock), *std::move(manifest)));
}

std::string DataDir::shard_path(uint32_t shard) const {
  DORIS_CHECK(shard < shards(), "a shard of this directory");
  return shard_path_of(path_, shard);
}

Status DataDir::persist_cluster(std::string_view cluster, uint32_t vnodes) {
  if (manifest_.cluster == cluster && manifest_.vnodes == vnodes) return Status::okay();
  if (!manifest_.cluster.empty()) {
    return Status::invalid(
        fmt::format("data directory {} belongs to cluster {} of {} vnodes, not to {} of {}", path_,
                    manifest_.cluster, manifest_.vnodes, cluster, vnodes));
  }
  StoreManifest bound = manifest_;
  bound.cluster = cluster;
  bound.vnodes = vnodes;
  DORIS_RETURN_IF_ERROR(replace_file(manifest_path(path_), encode_manifest(bound)));
  manifest_ = std::move(bound);
  return Status::okay();
}

Status DataDir::persist_topology(std::string_view text) {
  const std::string content = sealed(text);
  Status status = replace_file(topology_path(path_), content);
  if (status.code() == Code::kNoSpace && reserve_.release())
    status = replace_file(topology_path(path_), content);
  if (status.ok()) reserve_.keep();
  return status;
}

Result<std::string> DataDir::load_topology() const {
  const Result<std::string> file = read_file(topology_path(path_));
  if (!file.ok()) return file.status();
  const Result<std::string_view> text = unsealed(*file);
  if (!text.ok()) return text.status().prefixed(topology_path(path_));
  return std::string(*text);
}

}  // namespace doris::server
