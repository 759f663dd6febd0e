#include "router/dialect.h"

#include <fmt/format.h>

#include <charconv>

#include "resp/writer.h"

namespace doris::router {
namespace {

// A vnode's decimal digits.
class Digits {
 public:
  explicit Digits(topology::Vnode vnode)
      : end_(std::to_chars(text_, text_ + sizeof(text_), vnode).ptr) {}
  [[nodiscard]] std::string_view view() const { return {text_, static_cast<size_t>(end_ - text_)}; }

 private:
  char text_[5];
  const char* end_;
};

// A version's bytes on the wire.
class VersionBytes {
 public:
  explicit VersionBytes(const resp::Version& version) { version.encode(bytes_); }
  [[nodiscard]] std::string_view view() const { return {bytes_, sizeof(bytes_)}; }

 private:
  char bytes_[resp::Version::kBytes];
};

// An operation's id on the wire.
class IdBytes {
 public:
  explicit IdBytes(resp::WriteId id) {
    for (size_t i = 0; i < sizeof(bytes_); ++i)
      bytes_[i] = static_cast<char>(id >> (8 * (sizeof(bytes_) - 1 - i)));
  }
  [[nodiscard]] std::string_view view() const { return {bytes_, sizeof(bytes_)}; }

 private:
  char bytes_[resp::kWriteIdBytes];
};

// Whether the operation has another id than the write's own version gives it.
bool has_operation(const WriteWords& write) {
  return write.operation != 0 && write.operation != resp::write_id(write.key, write.version);
}

}  // namespace

void write_vget(Buffer& out, topology::Vnode vnode, std::string_view key) {
  resp::write_request(out, {"VGET", Digits(vnode).view(), key});
}

void write_vhas(Buffer& out, topology::Vnode vnode, std::string_view key) {
  resp::write_request(out, {"VHAS", Digits(vnode).view(), key});
}

void write_vcount(Buffer& out, std::string_view name_space, std::string_view databases) {
  resp::write_request(out, {"VCOUNT", name_space, databases});
}

void write_vwait(Buffer& out, topology::Vnode vnode, std::string_view key,
                 const resp::Version& version) {
  resp::write_request(out, {"VWAIT", Digits(vnode).view(), key, VersionBytes(version).view()});
}

void write_vsettle(Buffer& out, std::string_view settled, std::string_view abandoned) {
  resp::write_request(out, {"VSETTLE", settled, abandoned});
}

bool ends_by_failover(std::string_view error) {
  return error.starts_with("DISKFULL") || error.starts_with("SHARDDOWN");
}

bool is_below_floor(std::string_view error) {
  return error.starts_with("BELOWFLOOR");
}

bool read_unsettled(const resp::Reply& reply, resp::Version& version) {
  const auto& items = reply.tree.items;
  if (reply.kind != resp::Value::Kind::kArray || items.size() != 2) return false;
  if (items[1].text.size() != resp::Version::kBytes) return false;
  version = resp::Version::decode(items[1].text.data());
  return true;
}

void write_vbase(Buffer& out, topology::Vnode vnode, std::string_view key,
                 const resp::Version& base) {
  resp::write_request(out, {"VBASE", Digits(vnode).view(), key, VersionBytes(base).view()});
}

void write_vset(Buffer& out, const WriteRole& role, const WriteWords& write, int64_t expires_at_ms,
                std::string_view value) {
  const Digits vnode(write.vnode);
  const VersionBytes version(write.version);
  const fmt::format_int expires(expires_at_ms);
  const std::string_view when{expires.data(), expires.size()};
  if (!has_operation(write)) {
    resp::write_request(
        out, {"VSET", role.text(), vnode.view(), write.key, version.view(), when, value});
  } else {
    resp::write_request(out, {"VSET", role.text(), vnode.view(), write.key, version.view(), when,
                              value, IdBytes(write.operation).view()});
  }
}

void write_vdel(Buffer& out, const WriteRole& role, const WriteWords& write) {
  const Digits vnode(write.vnode);
  const VersionBytes version(write.version);
  if (!has_operation(write)) {
    resp::write_request(out, {"VDEL", role.text(), vnode.view(), write.key, version.view()});
  } else {
    resp::write_request(out, {"VDEL", role.text(), vnode.view(), write.key, version.view(),
                              IdBytes(write.operation).view()});
  }
}

void write_vrmw(Buffer& out, const WriteWords& write, resp::Update update,
                std::string_view argument) {
  resp::write_request(
      out, {"VRMW", Digits(write.vnode).view(), write.key, VersionBytes(write.version).view(),
            IdBytes(write.operation).view(), resp::update_name(update), argument});
}

namespace {

bool read_version(const resp::Value& item, resp::Version& version) {
  if (item.is(resp::Value::Kind::kNull)) {
    version = {};
    return true;
  }
  if (item.text.size() != resp::Version::kBytes) return false;
  version = resp::Version::decode(item.text.data());
  return true;
}

}  // namespace

bool read_update(const resp::Reply& reply, UpdateAnswer& answer) {
  using Kind = resp::Value::Kind;
  if (reply.kind != Kind::kArray) {
    answer.reply = reply.to_value();
    return true;
  }
  const auto& items = reply.tree.items;
  const size_t count = items.size();
  if (count == 2) {
    answer.reply = items[0];
    return read_version(items[1], answer.version);
  }
  answer.changes = true;
  if (count == 1) {
    const bool read = read_version(items[0], answer.version);
    answer.first = answer.version;
    return read;
  }
  if (count != 5 && count != 6) return false;
  if (count == 6) answer.reply = items[0];
  const resp::Value* const effect = &items[count - 5];  // Version, expires, value, base, first.
  answer.has_effect = true;
  answer.expires_at_ms = effect[1].integer;
  answer.removes = effect[2].is(Kind::kNull);
  answer.value = effect[2].text;
  const bool read = read_version(effect[0], answer.version) &&
                    read_version(effect[3], answer.base) && read_version(effect[4], answer.first);
  if (answer.first.epoch == 0) answer.first = answer.version;
  return read;
}

bool read_raised(std::string_view bulk, bool& existed, resp::Version& version) {
  if (bulk.size() != 1 + resp::Version::kBytes) return false;
  if (bulk[0] != '0' && bulk[0] != '1') return false;
  existed = bulk[0] == '1';
  version = resp::Version::decode(bulk.data() + 1);
  return true;
}

}  // namespace doris::router
