#include "router/replies.h"

#include "base/check.h"

namespace doris::router {
namespace {

int64_t sum_of_counts(const Request& request) {
  int64_t sum = 0;
  for (const Part& part : request.parts)
    sum += part.count;
  return sum;
}

void write_values(const Request& request, resp::Writer writer, WorkerStats& stats) {
  writer.array(request.parts.size());
  for (const Part& part : request.parts) {
    if (part.found) {
      writer.bulk(part.value);
    } else {
      stats.keyspace_misses.add();
      writer.null();
    }
  }
}

}  // namespace

void write_reply(const Request& request, resp::Writer writer, WorkerStats& stats) {
  if (request.failed()) {
    writer.error(request.error);
    return;
  }
  switch (request.kind) {
    case Request::Kind::kGet:  // A value that was found has been written by on_value().
      stats.keyspace_misses.add();
      writer.null();
      return;
    case Request::Kind::kMget:
      write_values(request, writer, stats);
      return;
    case Request::Kind::kSet:
    case Request::Kind::kMset:
      writer.simple("OK");
      return;
    case Request::Kind::kDel:
    case Request::Kind::kExists:
    case Request::Kind::kDbsize:
      writer.integer(sum_of_counts(request));
      return;
    case Request::Kind::kUpdate:
      writer.value(request.parts[0].update->reply);
      return;
    case Request::Kind::kSetnx:
      writer.integer(request.parts[0].update->reply.is(resp::Value::Kind::kNull) ? 0 : 1);
      return;
    case Request::Kind::kLocal:
    case Request::Kind::kReset:
    case Request::Kind::kLastWrite:
      break;
  }
  DORIS_CHECK(false, "a local request has no parts to reply with");
}

}  // namespace doris::router
