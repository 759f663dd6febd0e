#include "admin/arbiter.h"

#include <fmt/format.h>

#include "base/guard.h"
#include "base/log.h"

namespace doris::admin {
namespace {

const Log kLog("arbiter");

constexpr size_t kWitnessesMax = 3;
constexpr Millis kReportLasts{2000};
constexpr Millis kAskAgain{1000};

}  // namespace

Arbiter::Arbiter(net::Loop& loop, Random& random, Millis probe_timeout,
                 std::function<void()> on_opinion)
    : loop_(loop),
      random_(random),
      probe_timeout_(probe_timeout),
      on_opinion_(std::move(on_opinion)) {}

void Arbiter::reported(const std::string& observer, const topology::Node& node) {
  Case& of = cases_[node.id];
  const bool is_news = of.reported_at == TimePoint{} || loop_.now() - of.reported_at > kReportLasts;
  if (is_news) kLog.info("{} reports that {} does not answer", observer, node.name);
  of.reported_at = loop_.now();
  on_opinion_();
}

void Arbiter::suspect(const topology::Node& node, const std::vector<topology::Node>& others) {
  Case& of = cases_[node.id];
  if (of.asked_at == TimePoint{} || loop_.now() - of.asked_at > kAskAgain) ask(of, node, others);
}

bool Arbiter::has_failed(const topology::Node& node, const NodeHealth& health,
                         const std::vector<topology::Node>& others) {
  if (health.is_refused() || !guarded(Guard::kWitness)) return true;
  Case& of = cases_[node.id];
  const TimePoint now = loop_.now();
  const bool reported = of.reported_at != TimePoint{} && now - of.reported_at < kReportLasts;
  if ((reported || of.agree > 0) && !is_contradicted(of)) return true;
  suspect(node, others);
  return false;
}

void Arbiter::ask(Case& of, const topology::Node& node, const std::vector<topology::Node>& others) {
  of.asked_at = loop_.now();
  of.contradicted = is_contradicted(of);
  of.agree = of.contradict = of.unanswered = 0;
  of.witnesses.clear();
  for (const topology::Node& other : others) {
    if (of.witnesses.size() >= kWitnessesMax) break;
    auto& client = of.witnesses.emplace_back(
        std::make_unique<resp::Client>(loop_, random_,
                                       resp::Client::Options{.address = {other.host, other.port},
                                                             .connect_timeout = probe_timeout_}));
    ++of.unanswered;
    client->call({"DORIS.PROBE", node.host, std::to_string(node.port),
                  std::to_string(probe_timeout_.count())},
                 2 * probe_timeout_,
                 [this, id = node.id, name = node.name](const Result<resp::Value>& reply) {
                   on_answer(id, name, reply);
                 });
  }
}

void Arbiter::on_answer(topology::NodeId id, const std::string& name,
                        const Result<resp::Value>& reply) {
  const auto found = cases_.find(id);
  if (found == cases_.end()) return;
  Case& of = found->second;
  if (of.unanswered > 0) --of.unanswered;
  if (!reply.ok() || !reply->is(resp::Value::Kind::kInteger)) return;
  if (reply->integer == 0) {
    ++of.agree;
  } else {
    if (of.contradict == 0) {
      kLog.warning(
          "{} does not answer this admin, but it answers others: is the network between them cut?",
          name);
    }
    ++of.contradict;
  }
  on_opinion_();
}

}  // namespace doris::admin
