#include "base/status.h"

#include <cerrno>
#include <system_error>

namespace doris {
namespace {

Code code_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
      return Code::kNotFound;
    case EEXIST:
    case EADDRINUSE:
      return Code::kExists;
    case EAGAIN:
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return Code::kUnavailable;
    case ETIMEDOUT:
      return Code::kTimeout;
    case ENOSPC:
    case EDQUOT:
      return Code::kNoSpace;
    case EPIPE:
    case ECONNRESET:
      return Code::kClosed;
    default:
      return Code::kIo;
  }
}

}  // namespace

Status Status::from_errno(int error_number, std::string_view what) {
  // std::strerror may share its buffer among threads; the error category does not.
  std::string message(what);
  message += ": ";
  message += std::generic_category().message(error_number);
  return {code_of_errno(error_number), std::move(message)};
}

Status Status::prefixed(std::string_view context) const {
  if (ok()) return *this;
  std::string message(context);
  message += ": ";
  message += message_;
  return {code_, std::move(message)};
}

}  // namespace doris
