// Troubles: what DORIS.STATUS and DORIS.NODES say is wrong with a data server, or with one that the
// cluster has refused. Pure.
#pragma once

#include <string>

#include "admin/operator_views.h"
#include "base/topology/topology.h"
#include "resp/value.h"

namespace doris::admin {

// What is wrong with a node, and with whoever else would have its name; empty if nothing is.
[[nodiscard]] std::string node_trouble(const Scene& scene, const topology::Node& node);

// One map for each server that is in trouble: of those that the cluster has, where one that was
// replaced is nobody's trouble any more, and of those that it has refused.
[[nodiscard]] resp::Value troubles_view(const Scene& scene);

}  // namespace doris::admin
