// CapturedOutput: what a piece of code writes to standard output or standard error.
//
//   CapturedOutput printed(STDERR_FILENO);
//   complain();
//   REQUIRE(printed.text() == "...");   // Ends the capture.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <iostream>
#include <string>

namespace doris {

class CapturedOutput {
 public:
  explicit CapturedOutput(int fd) : fd_(fd), file_(std::tmpfile()), original_(::dup(fd)) {
    REQUIRE(file_ != nullptr);
    REQUIRE(original_ >= 0);
    flush();
    REQUIRE(::dup2(::fileno(file_), fd_) == fd_);
  }
  ~CapturedOutput() {
    restore();
    std::fclose(file_);
  }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;

  // All that was written. What follows goes where it went before.
  std::string text() {
    restore();
    std::rewind(file_);
    std::string all;
    char piece[4096];
    for (size_t got = 0; (got = std::fread(piece, 1, sizeof piece, file_)) > 0;) {
      all.append(piece, got);
    }
    return all;
  }

 private:
  static void flush() {
    std::cout.flush();
    std::fflush(stdout);
    std::fflush(stderr);
  }

  void restore() {
    if (original_ < 0) return;
    flush();
    ::dup2(original_, fd_);
    ::close(original_);
    original_ = -1;
  }

  const int fd_;
  std::FILE* const file_;
  int original_;
};

}  // namespace doris
