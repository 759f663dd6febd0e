#include "tests/integration/redis_client.h"

#include <hiredis/hiredis.h>

namespace doris::integration {
namespace {

Reply converted(const redisReply& from) {
  const std::string text = from.str == nullptr ? "" : std::string(from.str, from.len);
  switch (from.type) {
    case REDIS_REPLY_STATUS:
      return Reply::status(text);
    case REDIS_REPLY_ERROR:
      return Reply::error(text);
    case REDIS_REPLY_INTEGER:
      return Reply::integer(from.integer);
    case REDIS_REPLY_STRING:
      return Reply::bulk(text);
    case REDIS_REPLY_ARRAY: {
      std::vector<Reply> items;
      for (size_t i = 0; i < from.elements; ++i)
        items.push_back(converted(*from.element[i]));
      return Reply::array(std::move(items));
    }
    default:
      return Reply::nil();
  }
}

timeval to_timeval(Millis duration) {
  return {duration.count() / 1000, (duration.count() % 1000) * 1000};
}

}  // namespace

std::string Reply::line(const std::string& key) const {
  for (const Reply& item : items) {
    if (!item.text.starts_with(key + ":")) continue;
    const size_t value = item.text.find_first_not_of(' ', key.size() + 1);
    return value == std::string::npos ? "" : item.text.substr(value);
  }
  return "";
}

std::ostream& operator<<(std::ostream& out, const Reply& reply) {
  constexpr size_t kShownMax = 400;
  switch (reply.kind) {
    case Reply::kNil:
      return out << "(nil)";
    case Reply::kInteger:
      return out << "(integer) " << reply.number;
    case Reply::kArray:
      out << "[";
      for (const Reply& item : reply.items)
        out << item << ", ";
      return out << "]";
    case Reply::kStatus:
      return out << reply.text;
    case Reply::kError:
      return out << "(error) " << reply.text;
    case Reply::kLost:
      return out << "(connection lost) " << reply.text;
    case Reply::kBulk:
      return out << '"' << reply.text.substr(0, kShownMax) << '"';
  }
  return out;
}

void RedisClient::Close::operator()(redisContext* context) const {
  redisFree(context);
}

RedisClient::RedisClient(Endpoint endpoint, Millis timeout)
    : endpoint_(std::move(endpoint)), timeout_(timeout) {
  reconnect();
}

bool RedisClient::reconnect() {
  context_.reset(
      redisConnectWithTimeout(endpoint_.host.c_str(), endpoint_.port, to_timeval(timeout_)));
  if (!connected()) return false;
  return redisSetTimeout(context_.get(), to_timeval(timeout_)) == REDIS_OK;
}

bool RedisClient::connected() const {
  return context_ != nullptr && context_->err == 0;
}

Reply RedisClient::command(const std::vector<std::string>& args) {
  append(args);
  return read();
}

void RedisClient::append(const std::vector<std::string>& args) {
  if (!connected()) return;
  std::vector<const char*> data;
  std::vector<size_t> lengths;
  for (const std::string& arg : args) {
    data.push_back(arg.data());
    lengths.push_back(arg.size());
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(args.size()), data.data(),
                         lengths.data());
}

Reply RedisClient::read() {
  if (context_ == nullptr) return Reply::lost("no connection");
  if (!connected()) return Reply::lost(context_->errstr);
  void* raw = nullptr;
  if (redisGetReply(context_.get(), &raw) != REDIS_OK) return Reply::lost(context_->errstr);
  const std::unique_ptr<void, void (*)(void*)> owned(raw, freeReplyObject);
  return converted(*static_cast<redisReply*>(raw));
}

}  // namespace doris::integration
