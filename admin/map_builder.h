// MapBuilder: a resp::Value map, built in the order in which it is to be read.
//
//   MapBuilder().add("node", node.name).add("shards", node.shards).take()
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resp/value.h"

namespace doris::admin {

class MapBuilder {
 public:
  MapBuilder& add(std::string key, resp::Value value) {
    items_.push_back(resp::Value::bulk(std::move(key)));
    items_.push_back(std::move(value));
    return *this;
  }
  MapBuilder& add(std::string key, std::string_view text) {
    return add(std::move(key), resp::Value::bulk(std::string(text)));
  }
  template <std::integral Number>
  MapBuilder& add(std::string key, Number number) {
    return add(std::move(key), resp::Value::of(static_cast<int64_t>(number)));
  }

  // The map; the builder is then empty.
  resp::Value take() { return resp::Value::map(std::exchange(items_, {})); }

 private:
  std::vector<resp::Value> items_;
};

}  // namespace doris::admin
