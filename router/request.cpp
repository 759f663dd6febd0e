#include "router/request.h"

namespace doris::router {
namespace {

constexpr size_t kKeptRequests = 1024;
constexpr size_t kKeptBytes = 4096;  // Of payload or reply; larger ones give memory back.
constexpr size_t kKeptParts = 16;

}  // namespace

void Request::recycle() {
  DORIS_CHECK(outstanding == 0, "a recycled request still has entries in flight");
  kind = Kind::kLocal;
  if (payload.capacity() > kKeptBytes) {
    std::string().swap(payload);  // An assignment would keep the memory.
  } else {
    payload.clear();
  }
  if (parts.capacity() > kKeptParts) {
    parts = std::vector<Part>();
  } else {
    parts.clear();
  }
  reply.clear();
  if (reply.capacity() > kKeptBytes) reply.release();
  owner = nullptr;
  client = nullptr;
  follows = false;
  next = nullptr;
  replied = false;
  silent = false;
  parked_bytes = 0;
  error.clear();
  done = false;
  newer = older = nullptr;
}

uint32_t bytes_of(const Entry& entry) {
  const Part& part = entry.request->parts[entry.part];
  const bool brings_effect = entry.copy == Copy::kSecond && part.update != nullptr;
  const size_t effect_bytes = brings_effect ? part.update->value.size() : 0;
  return kEntryBytes + static_cast<uint32_t>(part.key_bytes + part.value_bytes + effect_bytes);
}

RequestPool::~RequestPool() {
  for (Request* request : free_)
    delete request;
}

Request* RequestPool::take() {
  if (free_.empty()) return new Request();
  Request* request = free_.back();
  free_.pop_back();
  return request;
}

void RequestPool::give(Request* request) {
  if (free_.size() >= kKeptRequests) {
    delete request;
    return;
  }
  request->recycle();
  free_.push_back(request);
}

}  // namespace doris::router
