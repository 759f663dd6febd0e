// What data servers say to each other (resp/PROTOCOL.md, "Data server to data server"): the
// replies, as bytes and as what they mean. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/topology/topology.h"
#include "resp/value.h"
#include "resp/writer.h"
#include "server/record.h"
#include "server/store.h"
#include "server/unsettled_writes.h"

namespace doris::server {

// A record on its way from one store to another.
struct RecordCopy {
  std::string key;  // The physical one.
  RecordHeader header;
  std::string value;
};

// Of a vnode, in a moment: what VDIGEST tells.
struct VnodeSummary {
  VnodeDigest digest;
  resp::Version floor;
};

// A page of VKEYS. `next` is where to go on from; empty at the end of the vnode.
struct KeyPage {
  struct Item {
    std::string key;
    resp::Version version;
    bool live = false;
    bool settled = true;  // If not, `live` says nothing.
  };
  std::string next;
  resp::Version floor;  // Of the vnode.
  std::vector<Item> items;
};

// A page of VRECLAIM.
struct ReclaimPage {
  std::string next;
  uint64_t records = 0;  // That were removed.
};

// A page of VLOGREAD.
struct LogPage {
  struct Item {
    topology::Vnode vnode = 0;
    RecordCopy record;
  };
  std::string next;
  std::vector<Item> items;
};

void write_summary(resp::Writer& out, const VnodeSummary& summary);   // A bulk of 32 bytes.
void write_version(resp::Writer& out, const resp::Version& version);  // A bulk of 16 bytes.
void write_key(resp::Writer& out, std::string_view key, const resp::Version& version, bool live);
void write_unsettled_key(resp::Writer& out, std::string_view key, const resp::Version& version);
void write_record(resp::Writer& out, const RecordHeader& header, std::string_view value);
void write_log_item(resp::Writer& out, topology::Vnode vnode, std::string_view key,
                    const RecordHeader& header, std::string_view value);

// Each is kInvalid if the reply is not what was asked for.
Result<std::vector<VnodeSummary>> read_summaries(const resp::Value& reply);
Result<KeyPage> read_key_page(const resp::Value& reply);
// As many as came: of `keys`, the first ones. No value: the peer has no such record.
Result<std::vector<std::optional<RecordCopy>>> read_records(const resp::Value& reply,
                                                            const std::vector<std::string>& keys);
Result<LogPage> read_log_page(const resp::Value& reply);
// Of VHELD, one for each of `keys` keys. No value: the peer has no record.
Result<std::vector<std::optional<resp::Version>>> read_held(const resp::Value& reply, size_t keys);
Result<ReclaimPage> read_reclaim_page(const resp::Value& reply);

// The command that brings a record to a peer, put-if-newer: VSET or VDEL.
[[nodiscard]] std::vector<std::string> write_command(topology::Vnode vnode,
                                                     const RecordCopy& record,
                                                     const std::string& role = "S");

// The command that shares a record, and the writes of its key that are not settled: VSHARE.
[[nodiscard]] std::vector<std::string> share_command(
    topology::Vnode vnode, const RecordCopy& record,
    const std::vector<UnsettledWrites::Notice>& notices);

// The notices in it. kInvalid if that is not what they are.
Result<std::vector<UnsettledWrites::Notice>> read_notices(std::string_view bytes);

// "VKEYS", "VHELD" and "VRECLAIM" as they are asked.
[[nodiscard]] std::vector<std::string> keys_command(topology::Vnode vnode, const std::string& from,
                                                    size_t count);
[[nodiscard]] std::vector<std::string> held_command(topology::Vnode vnode,
                                                    const std::vector<std::string>& keys);
[[nodiscard]] std::vector<std::string> reclaim_command(topology::Vnode vnode,
                                                       const resp::Version& floor,
                                                       int64_t expired_by_ms,
                                                       const std::string& from);

// The command that drops an entry of an update log, if it is not newer than `item`.
[[nodiscard]] std::vector<std::string> drop_command(topology::NodeId target,
                                                    const LogPage::Item& item);

}  // namespace doris::server
