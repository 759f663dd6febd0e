#include "resp/value.h"

namespace doris::resp {

const Value* Value::get(std::string_view key) const {
  if (kind != Kind::kMap && kind != Kind::kArray) return nullptr;
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    const Value& name = items[i];
    if ((name.is(Kind::kBulk) || name.is(Kind::kSimple)) && name.text == key) return &items[i + 1];
  }
  return nullptr;
}

}  // namespace doris::resp
