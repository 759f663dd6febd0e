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

namespace doris::server {

// A record on its way from one store to another.
struct RecordCopy {
  std::string key;  // The physical one.
  RecordHeader header;
  std::string value;
};

// A page of VKEYS. `next` is where to go on from; empty at the end of the vnode.
struct KeyPage {
  struct Item {
    std::string key;
    resp::Version version;
  };
  std::string next;
  std::vector<Item> items;
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

void write_digest(resp::Writer& out, const VnodeDigest& digest);  // A bulk of 16 bytes.
void write_key(resp::Writer& out, std::string_view key, const resp::Version& version);
void write_record(resp::Writer& out, const RecordHeader& header, std::string_view value);
void write_log_item(resp::Writer& out, topology::Vnode vnode, std::string_view key,
                    const RecordHeader& header, std::string_view value);

// Each is kInvalid if the reply is not what was asked for.
Result<std::vector<VnodeDigest>> read_digests(const resp::Value& reply);
Result<KeyPage> read_key_page(const resp::Value& reply);
// As many as came: of `keys`, the first ones. No value: the peer has no such record.
Result<std::vector<std::optional<RecordCopy>>> read_records(const resp::Value& reply,
                                                            const std::vector<std::string>& keys);
Result<LogPage> read_log_page(const resp::Value& reply);

// The command that brings a record to a peer, put-if-newer: VSET or VDEL.
[[nodiscard]] std::vector<std::string> write_command(topology::Vnode vnode,
                                                     const RecordCopy& record,
                                                     const std::string& role = "S");

// The command that drops an entry of an update log, if it is not newer than `item`.
[[nodiscard]] std::vector<std::string> drop_command(topology::NodeId target,
                                                    const LogPage::Item& item);

}  // namespace doris::server
