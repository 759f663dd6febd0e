#include "server/floors.h"

#include <string>

#include "base/bdb/cursor.h"
#include "server/big_endian.h"
#include "server/meta_keys.h"

namespace doris::server {
namespace {

std::string key_of(topology::Vnode vnode) {
  std::string key(kFloorPrefix);
  append_big_endian(vnode, key);
  return key;
}

}  // namespace

Status Floors::load(bdb::Database& meta) {
  auto cursor = bdb::Cursor::open(meta, nullptr);
  if (!cursor.ok()) return cursor.status();
  std::string key;
  std::string bytes;
  auto found = (*cursor)->seek_range(kFloorPrefix, key, bytes);
  for (; found.ok() && *found && key.starts_with(kFloorPrefix);
       found = (*cursor)->next(key, bytes)) {
    const bool sound = key.size() == kFloorPrefix.size() + sizeof(topology::Vnode) &&
                       bytes.size() == resp::Version::kBytes;
    if (!sound) return Status::corrupt("a floor that is none").prefixed(meta.path());
    set(read_big_endian<topology::Vnode>(key.data() + kFloorPrefix.size()),
        resp::Version::decode(bytes.data()));
  }
  return found.status();
}

bool Floors::raise(topology::Vnode vnode, const resp::Version& floor) {
  const resp::Version before = this->floor(vnode);
  if (floor <= before) return false;
  before_.emplace_back(vnode, before);
  set(vnode, floor);
  return true;
}

void Floors::set(topology::Vnode vnode, const resp::Version& floor) {
  if (vnode >= floors_.size()) floors_.resize(vnode + 1UL);
  floors_[vnode] = floor;
}

Status Floors::store(bdb::Database& meta, bdb::Transaction& txn) {
  for (const auto& [vnode, before] : before_) {
    char bytes[resp::Version::kBytes];
    floor(vnode).encode(bytes);
    DORIS_RETURN_IF_ERROR(meta.put(txn, key_of(vnode), {bytes, sizeof bytes}));
  }
  return Status::okay();
}

void Floors::undo() {
  for (; !before_.empty(); before_.pop_back())
    set(before_.back().first, before_.back().second);
}

}  // namespace doris::server
