// DataDir: what a data server's directory says about itself, and the lock on it.
// FORMAT.md has the files.
//
//   auto dir = DataDir::open({.path = server_dir, .node = "a1", .shards = 0, ...});
//   for (uint32_t i = 0; i < (*dir)->shards(); ++i) open_shard((*dir)->shard_path(i));
//
// One thread. Every file is replaced as a whole: a crash leaves the old or the new one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bdb/directory_lock.h"
#include "base/status.h"
#include "server/disk_reserve.h"
#include "server/store_manifest.h"

namespace doris::server {

class DataDir {
 public:
  struct Options {
    std::string path;        // server-dir. Made if absent.
    std::string node;        // This server's name; [A-Za-z0-9._-]{1,64}.
    uint32_t shards;         // What was asked for; 0 takes what is there.
    uint32_t shards_if_new;  // For a new directory when `shards` is 0; 1..kShardsMax.
  };

  // Makes an empty directory into a store, or checks an existing one. kExists: in use by
  // another process. kTooNew: a later Doris wrote it. kInvalid: it belongs to another node,
  // or has another number of shards. kCorrupt: names the damaged or missing file.
  static Result<std::unique_ptr<DataDir>> open(const Options& options);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] uint32_t shards() const { return manifest_.shards; }
  [[nodiscard]] std::string shard_path(uint32_t shard) const;  // REQUIRES: shard < shards().

  // The cluster whose data this is, and its number of vnodes. Empty and 0 until known.
  [[nodiscard]] const std::string& cluster() const { return manifest_.cluster; }
  [[nodiscard]] uint32_t vnodes() const { return manifest_.vnodes; }

  // Binds the directory to a cluster, once and for all, on the disk when it returns.
  // REQUIRES: the stores of all shards have been made: from now on open() misses them.
  // kInvalid: it is bound to another cluster, or with another number of vnodes.
  Status persist_cluster(std::string_view cluster, uint32_t vnodes);

  // Replaces the topology kept; on the disk when it returns. Its epoch is the highest that
  // this server has seen, so the caller persists before it adopts. Errors leave the old one.
  // There is room for it even on a full disk (disk_reserve.h).
  Status persist_topology(std::string_view text);

  // The topology kept, as it was given. kNotFound if there is none.
  [[nodiscard]] Result<std::string> load_topology() const;

 private:
  DataDir(std::string path, bdb::DirectoryLock lock, StoreManifest manifest)
      : path_(std::move(path)),
        lock_(std::move(lock)),
        manifest_(std::move(manifest)),
        reserve_(path_ + "/reserve") {}

  // Constant after construction, but for the manifest's cluster.
  const std::string path_;
  bdb::DirectoryLock lock_;
  StoreManifest manifest_;
  DiskReserve reserve_;
};

}  // namespace doris::server
