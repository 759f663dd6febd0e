// Status and Result: how an operating error travels.
//
// Three kinds of failure have three answers in Doris. A bug aborts (check.h).
// An operating error - a full disk, a refused connection, a wrong line in
// doris.conf - is a Status. A bad peer gets an error reply and is never allowed
// to become either of the others.
//
//   Result<Topology> topology = decode(text);
//   if (!topology.ok()) return topology.status().prefixed("topology file");
//   use(*topology);
//
// A new Code is added only when some caller reacts to it differently.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace doris {

enum class Code {
  kOk,
  kInvalid,      // The input is wrong: configuration, command line, text, bytes.
  kNotFound,     // What was named does not exist.
  kExists,       // In use already: a port, a data directory, a node name.
  kUnavailable,  // Somebody else does not answer now; trying again may help.
  kTimeout,      // A deadline passed; the outcome is unknown.
  kNoSpace,      // The disk is full; reads go on.
  kCorrupt,      // Stored bytes are damaged; the message names the file.
  kTooNew,       // Written by a newer Doris than this one.
  kIo,           // The operating system refused for another reason.
  kClosed,       // The connection or the component is closed.
};

class [[nodiscard]] Status {
 public:
  Status() = default;  // Ok.
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {
    DORIS_CHECK(code != Code::kOk, "an error needs a code");
  }

  static Status okay() { return {}; }
  static Status invalid(std::string message) { return {Code::kInvalid, std::move(message)}; }
  static Status not_found(std::string message) { return {Code::kNotFound, std::move(message)}; }
  static Status exists(std::string message) { return {Code::kExists, std::move(message)}; }
  static Status unavailable(std::string message) {
    return {Code::kUnavailable, std::move(message)};
  }
  static Status timeout(std::string message) { return {Code::kTimeout, std::move(message)}; }
  static Status no_space(std::string message) { return {Code::kNoSpace, std::move(message)}; }
  static Status corrupt(std::string message) { return {Code::kCorrupt, std::move(message)}; }
  static Status too_new(std::string message) { return {Code::kTooNew, std::move(message)}; }
  static Status io(std::string message) { return {Code::kIo, std::move(message)}; }
  static Status closed(std::string message) { return {Code::kClosed, std::move(message)}; }

  // The error for `error_number` (an errno), as "<what>: <strerror text>".
  static Status from_errno(int error_number, std::string_view what);

  [[nodiscard]] bool ok() const { return code_ == Code::kOk; }
  [[nodiscard]] Code code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }  // One line, no stop.

  // The same error with "<context>: " in front of its message. Ok stays ok.
  [[nodiscard]] Status prefixed(std::string_view context) const;

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

// A T or the Status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status status) : status_(std::move(status)) {
    DORIS_CHECK(!status_.ok(), "a Result without a value needs an error");
  }

  [[nodiscard]] bool ok() const { return value_.has_value(); }
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] Code code() const { return status_.code(); }

  // REQUIRES: ok().
  T& operator*() & { return checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

 private:
  T& checked() {
    DORIS_CHECK(value_.has_value(), status_.message());
    return *value_;
  }

  std::optional<T> value_;
  Status status_;
};

}  // namespace doris

// Returns from the enclosing function with the error, if there is one.
#define DORIS_RETURN_IF_ERROR(expression)                                                        \
  do {                                                                                           \
    if (::doris::Status doris_status_ = (expression); !doris_status_.ok()) return doris_status_; \
  } while (false)
