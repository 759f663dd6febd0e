#include "server/durable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace doris::server {
namespace {

constexpr std::string_view kSeal = "checksum ";
constexpr size_t kSealBytes = kSeal.size() + 16 + 1;
constexpr mode_t kFileMode = 0640;
constexpr size_t kReadBytes = 64 * 1024;

std::string seal_of(std::string_view text) {
  return fmt::format("{}{:016x}\n", kSeal, XXH64(text.data(), text.size(), 0));
}

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags, kFileMode)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

 private:
  const int fd_;  // -1: errno says why.
};

Status write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Status::from_errno(errno, path);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return Status::okay();
}

Status write_and_sync(const std::string& path, std::string_view content) {
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
  if (file.fd() < 0) return Status::from_errno(errno, path);
  DORIS_RETURN_IF_ERROR(write_all(file.fd(), content, path));
  return ::fsync(file.fd()) == 0 ? Status::okay() : Status::from_errno(errno, path);
}

// The rename itself is on the disk only after this.
Status sync_directory_of(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  const File file(directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file.fd() < 0 || ::fsync(file.fd()) != 0) return Status::from_errno(errno, directory);
  return Status::okay();
}

}  // namespace

std::string sealed(std::string_view text) {
  DORIS_CHECK(text.empty() || text.back() == '\n', "the seal needs a line of its own");
  return std::string(text) + seal_of(text);
}

Result<std::string_view> unsealed(std::string_view file) {
  if (file.size() < kSealBytes) return Status::corrupt("its checksum is missing");
  const std::string_view text = file.substr(0, file.size() - kSealBytes);
  const std::string_view seal = file.substr(text.size());
  if (!seal.starts_with(kSeal)) return Status::corrupt("its checksum is missing");
  if (seal != seal_of(text)) return Status::corrupt("its checksum does not fit");
  return text;
}

Status replace_file(const std::string& path, std::string_view content) {
  const std::string fresh = path + ".tmp";
  Status status = write_and_sync(fresh, content);
  if (status.ok() && std::rename(fresh.c_str(), path.c_str()) != 0)
    status = Status::from_errno(errno, path);
  if (!status.ok()) {
    ::unlink(fresh.c_str());
    return status;
  }
  return sync_directory_of(path);
}

Result<std::string> read_file(const std::string& path) {
  const File file(path, O_RDONLY | O_CLOEXEC);
  if (file.fd() < 0) return Status::from_errno(errno, path);
  std::string content;
  for (;;) {
    const size_t had = content.size();
    content.resize(had + kReadBytes);
    const ssize_t got = ::read(file.fd(), &content[had], kReadBytes);
    content.resize(had + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got == 0) return content;
    if (got < 0 && errno != EINTR) return Status::from_errno(errno, path);
  }
}

}  // namespace doris::server
