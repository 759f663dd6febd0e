// Running other programs to their end, and asking about those that run.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace doris::integration {

using Millis = std::chrono::milliseconds;

// Sanitizers make programs slower and larger; bounds on memory do not hold with them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

struct Outcome {
  int status = 0;      // As a shell shows it: the exit status, or 128 + the signal.
  std::string output;  // Standard output and standard error, as they came.
};

// Runs `argv` (found in PATH) with `input` as its standard input, and waits for its end;
// after `timeout` it is killed, and the status is 137.
Outcome run(const std::vector<std::string>& argv, std::string_view input = "",
            Millis timeout = Millis{60'000});

// Resident memory of a process in bytes; 0 if it has ended.
[[nodiscard]] size_t resident_bytes(pid_t pid);

// Asks `holds` again and again until it says yes, or for `patience`. The answer is its
// last word.
[[nodiscard]] bool eventually(const std::function<bool()>& holds, Millis patience = Millis{20'000});

}  // namespace doris::integration
