#include "base/status.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <memory>

namespace doris {
namespace {

Status fails_at_the_second_step(int& steps) {
  ++steps;
  DORIS_RETURN_IF_ERROR(Status::okay());
  ++steps;
  DORIS_RETURN_IF_ERROR(Status::closed("the second step"));
  ++steps;
  return Status::okay();
}

}  // namespace

TEST_CASE("A Status is ok until it is given an error") {
  REQUIRE(Status().ok());
  REQUIRE(Status::okay().code() == Code::kOk);
  const Status error = Status::not_found("no node 'a1'");
  REQUIRE_FALSE(error.ok());
  REQUIRE(error.code() == Code::kNotFound);
  REQUIRE(error.message() == "no node 'a1'");
}

TEST_CASE("Each named factory makes an error of its code") {
  REQUIRE(Status::invalid("").code() == Code::kInvalid);
  REQUIRE(Status::not_found("").code() == Code::kNotFound);
  REQUIRE(Status::exists("").code() == Code::kExists);
  REQUIRE(Status::unavailable("").code() == Code::kUnavailable);
  REQUIRE(Status::timeout("").code() == Code::kTimeout);
  REQUIRE(Status::no_space("").code() == Code::kNoSpace);
  REQUIRE(Status::corrupt("").code() == Code::kCorrupt);
  REQUIRE(Status::too_new("").code() == Code::kTooNew);
  REQUIRE(Status::io("").code() == Code::kIo);
  REQUIRE(Status::closed("").code() == Code::kClosed);
}

TEST_CASE("A prefix says where an error came from and leaves its code") {
  const Status error = Status::corrupt("bad checksum").prefixed("page 7").prefixed("data.db");
  REQUIRE(error.code() == Code::kCorrupt);
  REQUIRE(error.message() == "data.db: page 7: bad checksum");
}

TEST_CASE("A prefixed success stays a success without a message") {
  const Status status = Status::okay().prefixed("data.db");
  REQUIRE(status.ok());
  REQUIRE(status.message().empty());
}

TEST_CASE("An errno becomes the code that a caller reacts to") {
  REQUIRE(Status::from_errno(ENOSPC, "").code() == Code::kNoSpace);
  REQUIRE(Status::from_errno(EDQUOT, "").code() == Code::kNoSpace);
  REQUIRE(Status::from_errno(EADDRINUSE, "").code() == Code::kExists);
  REQUIRE(Status::from_errno(ENOENT, "").code() == Code::kNotFound);
  REQUIRE(Status::from_errno(ECONNREFUSED, "").code() == Code::kUnavailable);
  REQUIRE(Status::from_errno(ETIMEDOUT, "").code() == Code::kTimeout);
  REQUIRE(Status::from_errno(ECONNRESET, "").code() == Code::kClosed);
  REQUIRE(Status::from_errno(EACCES, "").code() == Code::kIo);
}

TEST_CASE("An errno is explained in the system's words") {
  REQUIRE(Status::from_errno(ENOENT, "doris.conf").message() ==
          "doris.conf: No such file or directory");
}

TEST_CASE("DORIS_RETURN_IF_ERROR goes on after a success and leaves with an error") {
  int steps = 0;
  const Status status = fails_at_the_second_step(steps);
  REQUIRE(steps == 2);
  REQUIRE(status.message() == "the second step");
}

TEST_CASE("A Result holds a value or the error that says why there is none") {
  const Result<int> seven = 7;
  REQUIRE(seven.ok());
  REQUIRE(*seven == 7);
  REQUIRE(seven.status().ok());

  const Result<int> none = Status::timeout("no answer");
  REQUIRE_FALSE(none.ok());
  REQUIRE(none.code() == Code::kTimeout);
  REQUIRE(none.status().message() == "no answer");
}

TEST_CASE("A Result can hold and hand over what cannot be copied") {
  Result<std::unique_ptr<std::string>> result = std::make_unique<std::string>("moved");
  REQUIRE(result.ok());
  REQUIRE(**result == "moved");
  const std::unique_ptr<std::string> taken = *std::move(result);
  REQUIRE(*taken == "moved");
}

TEST_CASE("The arrow of a Result reaches into its value") {
  Result<std::string> result = std::string("seven");
  result->append("teen");
  REQUIRE(result->size() == 9);
}

}  // namespace doris
