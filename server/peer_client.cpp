#include "server/peer_client.h"

#include <fmt/format.h>

#include <utility>

namespace doris::server {

PeerClient::PeerClient(net::Loop& loop, Random& random, Options options)
    : options_(std::move(options)), client_(loop, random, {.address = options_.address}) {}

void PeerClient::ask(std::vector<std::string> command, Callback callback) {
  client_.call({"DORIS.PEER", options_.cluster, fmt::to_string(options_.epoch), options_.self},
               options_.timeout, [](const Result<resp::Value>&) {});
  client_.call(std::move(command), options_.timeout,
               [callback = std::move(callback)](const Result<resp::Value>& reply) {
                 if (reply.ok() && reply->is(resp::Value::Kind::kError)) {
                   callback(Status::unavailable(reply->text));
                 } else {
                   callback(reply);
                 }
               });
}

std::unique_ptr<PeerClient> make_peer_client(net::Loop& loop, Random& random,
                                             const Standing& standing,
                                             const topology::Replica& where,
                                             const std::string& self) {
  const topology::Node& node = *standing.table->topology().find(where.node);
  const auto port = static_cast<uint16_t>(node.port + 1 + where.shard);
  return std::make_unique<PeerClient>(loop, random,
                                      PeerClient::Options{.address = {node.host, port},
                                                          .cluster = standing.cluster,
                                                          .epoch = standing.epoch,
                                                          .self = self});
}

}  // namespace doris::server
