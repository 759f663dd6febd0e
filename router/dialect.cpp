#include "router/dialect.h"

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

bool read_unsettled(const resp::Reply& reply, resp::Version& version) {
  const auto& items = reply.tree.items;
  if (reply.kind != resp::Value::Kind::kArray || items.size() != 2) return false;
  if (items[1].text.size() != resp::Version::kBytes) return false;
  version = resp::Version::decode(items[1].text.data());
  return true;
}

void write_vset(Buffer& out, const WriteRole& role, topology::Vnode vnode, std::string_view key,
                const resp::Version& version, std::string_view value) {
  resp::write_request(out, {"VSET", role.text(), Digits(vnode).view(), key,
                            VersionBytes(version).view(), "0", value});
}

void write_vdel(Buffer& out, const WriteRole& role, topology::Vnode vnode, std::string_view key,
                const resp::Version& version) {
  resp::write_request(
      out, {"VDEL", role.text(), Digits(vnode).view(), key, VersionBytes(version).view()});
}

bool read_raised(std::string_view bulk, bool& existed, resp::Version& version) {
  if (bulk.size() != 1 + resp::Version::kBytes) return false;
  if (bulk[0] != '0' && bulk[0] != '1') return false;
  existed = bulk[0] == '1';
  version = resp::Version::decode(bulk.data() + 1);
  return true;
}

}  // namespace doris::router
