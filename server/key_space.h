// Where a physical key lies in data.db and handoff.db, and which namespace it is counted in.
// FORMAT.md has the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/store.h"

namespace doris::server {

// Replaces `out` by the stored key: vnode, order hash, physical key. Keys of a vnode are
// thus one range, and lie in it in the order of their hash.
void encode_stored_key(const KeyRef& key, std::string& out);

// Replaces `out` by the key of an entry of the update log: the target, then the stored key.
void encode_log_key(topology::NodeId target, const KeyRef& key, std::string& out);

// The key whose stored key this is. The view is into `stored`. kCorrupt if it is none.
[[nodiscard]] Result<KeyRef> decode_stored_key(std::string_view stored);

// The key's position in a scan of its vnode (store.h): it compares as the stored keys do.
[[nodiscard]] std::string position_of(const KeyRef& key);

// The namespace that a physical key is counted in: n for "n:rest" with n in
// 1 .. kNamespacesMax-1 written without leading zeros, else 0.
//
// A key of namespace 0 may itself look like "5:foo". It then is the key "foo" of namespace
// 5: both have the same physical key, hence one record, and are counted there.
[[nodiscard]] uint32_t namespace_of(std::string_view physical_key);

}  // namespace doris::server
