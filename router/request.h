// Request: one client command that needs data servers, from its plan to its reply.
//
//   client command -> Request { parts } -> Entry per part and copy -> Backend
//                          ^                                            |
//                          +----------- replies fill the parts ---------+
//
// A part is one key's worth of work. A blind write's part has an entry for each of the two copies,
// an update's first one for the primary and then one for the second copy, a read's one. An entry
// may wait for other parts of the key (key_order.h); a write may be begun once more, while entries
// of the attempt before are on their way still (write_path.h). The request is done when no entry is
// outstanding, or when its deadline has passed; it is freed when, besides, no entry refers to it.
//
// Worker thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/topology/routing_table.h"
#include "resp/update.h"
#include "resp/value.h"
#include "resp/version.h"
#include "resp/write_id.h"
#include "resp/writer.h"

namespace doris::router {

class Request;
struct Part;

// Who waits for a request: a client's session.
class RequestOwner {
 public:
  virtual ~RequestOwner() = default;

  // A kGet part was answered with a value. `bytes` is valid during the call only: the
  // owner copies it to where it is needed, so that a value is copied once.
  virtual void on_value(Request& request, Part& part, std::string_view bytes) = 0;

  // `request` is done: its parts are filled, or failed() says why not. Called once, and
  // never from inside Dispatcher::submit(). The owner gives the request back with
  // Dispatcher::release() when it has replied.
  virtual void on_request_done(Request& request) = 0;
};

// What a part asks of a data server.
enum class Verb : uint8_t {
  kGet,     // VGET: on_value(), or nothing if absent.
  kHas,     // VHAS: `count` 0 or 1.
  kSet,     // VSET to both copies at once; when it is proposed anew, an update.
  kUpdate,  // VRMW, and VSET or VDEL of its effect to the second copy: Part::update has the reply.
  kCount,   // VCOUNT of one shard: `count`.
};

[[nodiscard]] constexpr bool is_write(Verb verb) {
  return verb == Verb::kSet || verb == Verb::kUpdate;
}

// An update, and what the primary has made of it.
struct UpdateState {
  resp::Update kind = resp::Update::kSet;
  resp::Value reply{};    // To the client.
  bool answered = false;  // `reply` is there.
  bool changes = false;

  // The effect, if it changes something: what the second copy gets.
  bool removes = false;
  int64_t expires_at_ms = 0;
  std::string value{};
  resp::Version base{};  // What has to be settled before that; epoch 0: nothing.

  uint64_t held_bytes = 0;  // What `value` counts for among all effects that are held.
  bool dropped = false;     // There was no room for the effect: it goes nowhere from here.
};

// Where a write was sent, under which id: that server is to hear when it is settled.
struct Mark {
  topology::Replica where;
  resp::WriteId id = 0;
};

// Where a write's second copy was sent last, and what has become of it.
struct SecondSent {
  topology::NodeId node = topology::kNoNode;
  topology::NodeId logged_for = topology::kNoNode;  // In this one's update log; none: a replica.
  uint32_t under_way = 0;    // Of the present attempt: two, if the first was raised meanwhile.
  bool done = false;         // The last one was taken.
  bool below_floor = false;  // Its last answer: the key counts as deleted there since.
};

// What an entry costs beside its payload: its share of a request, the part, its place in a queue.
inline constexpr uint32_t kEntryBytes = 512;

// Which copy of a vnode an entry is for. Where that is, the routing table says at the moment of
// sending.
enum class Copy : uint8_t {
  kPrimary,  // The primary replica: reads, and writes that get their order there.
  kSecond,   // A write's second copy: a replica, or an update log. A read of the other replica.
};

// One request's part on its way to one copy.
struct Entry {
  Request* request = nullptr;
  uint32_t part = 0;
  Copy copy = Copy::kPrimary;  // Unused for kCount.
  uint32_t attempt = 0;        // The part's, when this was sent.
  bool waits = false;          // It has its answer, and asks whether that may be shown or spread.
};

struct Part {
  topology::Vnode vnode = 0;  // Or, for kCount, which shard of `node`.
  topology::NodeId node = 0;  // kCount only.
  size_t key_at = 0;          // The physical key, in Request::payload.
  size_t key_bytes = 0;
  size_t value_at = 0;  // kSet: the value, in Request::payload.
  size_t value_bytes = 0;
  uint32_t outstanding = 0;  // Entries that have not been answered.

  topology::Epoch asked_in = 0;  // Of the table when the primary, or who is read, was asked.
  uint64_t turn = 0;             // Rises in the order in which parts are first sent to a server, a
                                 // write in each epoch; 0: it was not yet.
  uint64_t asked_as = 0;         // Likewise, of a read: each time.
  bool asked_again = false;      // A read: its answer was lost, or not to be shown.

  // Writes. See write_path.h.
  std::unique_ptr<UpdateState> update;           // Of an update.
  resp::Version version;                         // None until sent; as proposed, then as raised.
  resp::WriteId operation = 0;                   // The id of the version that was proposed first.
  TimePoint proposed_at{};                       // When that was.
  topology::NodeId primary = topology::kNoNode;  // Whom it was proposed to.
  bool primary_done = false;                     // Who has committed it.
  SecondSent second;
  bool in_doubt = false;           // Somebody was asked for it, and what came of that is not known.
  uint32_t attempt = 0;            // Entries of earlier attempts no longer count.
  std::vector<Mark> marks;         // Replicas that may hold it.
  bool certain = true;             // Every copy that was asked has said OK.
  std::vector<Entry> overwritten;  // Of writes before this one that end as it does: overwriting().

  // Answers that show what is not settled yet: in which version, and how often that was asked.
  resp::Version unsettled;
  uint32_t waits = 0;

  uint32_t refusals = 0;  // By shards that may be failed over soon.

  // State below belongs to the KeyOrder.
  Request* request = nullptr;  // Since it was submitted.
  Part* ahead = nullptr;       // Others of the vnode that are in line.
  Part* behind = nullptr;
  bool in_line = false;
  std::optional<Entry> held{};  // It has to wait for others before..
  bool held_whole = false;      // ..it is begun; else before its effect is spread.
  bool was_passed = false;      // What is behind it may have had its turn before it.
  uint64_t outdated_by = 0;     // `asked_as` of the read before it, which was shown: what was asked
                                // earlier is not.

  // Results.
  bool found = false;  // kGet
  std::string value;   // Where an owner may keep what on_value() brought.
  int64_t count = 0;
};

class Request {
 public:
  // What the client asked; tells its owner how to write the reply.
  enum class Kind : uint8_t {
    kGet,
    kSet,
    kDel,
    kExists,
    kMget,
    kMset,
    kDbsize,
    kUpdate,  // Its reply is the primary's.
    kSetnx,
    kLocal,  // From here on: never sent to a data server.
    kReset,  // From here on: done by the session when all before it has been replied to.
    kLastWrite,
  };

  Kind kind = Kind::kLocal;
  Verb verb = Verb::kGet;
  resp::Protocol protocol = resp::Protocol::kResp2;  // Of the client when it asked.
  std::string payload;                               // Keys and values of all parts.
  std::vector<Part> parts;

  [[nodiscard]] std::string_view key(const Part& part) const {
    return {payload.data() + part.key_at, part.key_bytes};
  }
  [[nodiscard]] std::string_view value(const Part& part) const {
    return {payload.data() + part.value_at, part.value_bytes};
  }

  [[nodiscard]] bool failed() const { return !error.empty(); }

  // State below belongs to the owner.
  RequestOwner* owner = nullptr;  // nullptr once nobody waits.
  const void* client = nullptr;   // Who that was; to be compared only.
  bool follows = false;           // When it was submitted, its client waited for others already.
  Request* next = nullptr;        // In the owner's queue, in the order of the replies.
  Buffer reply;                   // Written, but not at the head of that queue yet.
  bool replied = false;           // `reply` is what the client gets.
  bool silent = false;            // The client does not want to hear it.
  uint64_t parked_bytes = 0;      // What the owner counts as waiting for its turn.

  // State below belongs to the Dispatcher.
  std::string error;         // "CODE text" of the first failure; the reply if not empty.
  uint32_t outstanding = 0;  // The sum of its parts'.
  bool done = false;         // The owner has been told.
  TimePoint deadline{};
  uint64_t sequence = 0;     // Rises in the order in which requests are submitted.
  Request* newer = nullptr;  // All requests not done yet, oldest first.
  Request* older = nullptr;

  // Makes it as new, keeping the memory of small requests for the next one.
  void recycle();
};

// By what entries that are sent again are to be sorted: by their turn, in which primaries have done
// what they were sent; then those that were not sent yet, as they were submitted.
[[nodiscard]] inline std::pair<uint64_t, uint64_t> rank_of(const Entry& entry) {
  const uint64_t turn = entry.request->parts[entry.part].turn;
  return {turn != 0 ? turn : UINT64_MAX, entry.request->sequence};
}

// What `entry` keeps in memory, about.
[[nodiscard]] uint32_t bytes_of(const Entry& entry);

// Hands out requests and takes them back. Worker thread only.
class RequestPool {
 public:
  ~RequestPool();
  Request* take();
  void give(Request* request);

 private:
  std::vector<Request*> free_;
};

}  // namespace doris::router
