// Group commit: what commits together, when replies leave, and what happens when a batch
// cannot be committed.
#include "server/shard_watch.h"
#include "tests/server/shard_fixture.h"

namespace doris::server::test {
namespace {

using Catch::StartsWith;

class BatchingShard : public ServingShard {
 public:
  // Sends without waiting; what is sent between two settle()s arrives in one pass.
  void send_sets(Router& router, int count, const std::string& prefix = "k") {
    for (int i = 0; i < count; ++i)
      router.send(set(prefix + std::to_string(i), "v", ++hlc_));
  }

  // The replies of `router`, each cut to its first word.
  static Replies first_words(Router& router) {
    Replies words = router.replies();
    for (std::string& word : words)
      word = word.substr(0, word.find(' '));
    return words;
  }

 protected:
  uint64_t hlc_ = 100;
};

const Status kFull = Status::no_space("no room for the log");

TEST_CASE_METHOD(BatchingShard, "what arrives in one pass commits together") {
  const auto a = link(257);
  const auto b = link(258);
  send_sets(*a, 3, "a");
  send_sets(*b, 2, "b");
  loop_.settle();
  CHECK(store_->batches == std::vector<size_t>{5});
  CHECK(a->replies() == Replies(3, ":0"));
  CHECK(b->replies() == Replies(2, ":0"));
  CHECK(shard_->counters().commits.get() == 1);

  send_sets(*a, 1, "c");
  loop_.settle();
  CHECK(store_->batches == std::vector<size_t>{5, 1});
}

TEST_CASE_METHOD(BatchingShard, "no reply leaves before the commit that it depends on") {
  const auto writer = link(257);
  const auto reader = link(258);
  int commits = 0;
  store_->on_commit = [&] {
    ++commits;
    CHECK(writer->stream().in().bytes.empty());
    CHECK(reader->stream().in().bytes.empty());
    CHECK(writer->replies().empty());
    CHECK(reader->replies().empty());
  };
  writer->send(set("k", "v"));
  reader->send(get("k"));
  loop_.settle();
  CHECK(commits == 1);
  CHECK(writer->replies() == Replies{":0"});
  CHECK(reader->replies() == Replies{"v"});
}

TEST_CASE_METHOD(BatchingShard, "reads alone commit nothing") {
  const auto router = link(257);
  int commits = 0;
  store_->on_commit = [&] { ++commits; };
  router->send(get("k"));
  router->send(has("k"));
  router->send({"VCOUNT", "0", "16"});
  loop_.settle();
  CHECK(router->replies() == Replies{"nil", ":0", ":0"});
  CHECK(commits == 0);
}

TEST_CASE_METHOD(BatchingShard, "a batch that finds no room is run again with writes refused") {
  const auto a = link(257);
  const auto b = link(258);
  CHECK(ask(*a, set("k", "before")) == ":0");

  store_->commit_error = kFull;
  a->send(get("k"));
  a->send(set("k", "lost", 2));
  a->send(get("k"));
  a->send({"VCOUNT", "0", "16"});
  b->send(get("k"));  // It saw the write that was lost, and must not tell.
  b->send(del("k", 3));
  b->send({"PING"});
  loop_.settle();
  CHECK(first_words(*a) == Replies{"before", "-DISKFULL", "before", ":1"});
  CHECK(first_words(*b) == Replies{"before", "-DISKFULL", "+PONG"});
  CHECK(committed("k") == "before");
  CHECK_FALSE(store_->open());
  CHECK(shard_->counters().failed_batches.get() == 1);
  CHECK(shard_->counters().offline.get() == 0);

  store_->commit_error = Status::okay();
  link_again(*a, 257);
  CHECK(ask(*a, set("k", "after", 4)) == ":1");
  CHECK(ask(*b, get("k")) == "after");
}

TEST_CASE_METHOD(BatchingShard, "a write that finds no room takes its whole batch back") {
  const auto a = link(257);
  const auto b = link(258);
  store_->writes_max = 2;
  send_sets(*a, 3, "a");
  send_sets(*b, 1, "b");
  b->send(get("a0"));
  loop_.settle();
  CHECK(first_words(*a) == Replies(3, "-DISKFULL"));
  CHECK(first_words(*b) == Replies{"-DISKFULL", "nil"});
  CHECK(store_->batches.empty());
  CHECK(store_->aborts == 1);

  link_again(*a, 257);
  send_sets(*a, 2, "a");
  loop_.settle();
  CHECK(a->replies() == Replies(2, ":0"));
}

TEST_CASE_METHOD(BatchingShard, "a batch lost to damage takes the shard offline, reads included") {
  const auto router = link(257);
  CHECK(ask(*router, set("k", "v")) == ":0");
  const Code code = GENERATE(Code::kCorrupt, Code::kIo);
  store_->commit_error = {code, "the log could not be synced"};
  router->send(get("k"));
  router->send(set("k", "w", 2));
  router->send(get("k"));
  loop_.settle();
  // The first read came before the batch was open, and what it read is committed.
  CHECK(first_words(*router) == Replies{"v", "-SHARDDOWN", "-SHARDDOWN"});
  CHECK(shard_->counters().offline.get() == 1);
  store_->commit_error = Status::okay();
  CHECK(ask(*router, get("k")) == "-SHARDDOWN a1/0: the log could not be synced");
}

TEST_CASE_METHOD(BatchingShard, "a long batch is committed before the pass is over") {
  const auto router = link(257);
  send_sets(*router, kBatchWritesMax + 10);
  loop_.settle();
  CHECK(store_->batches == std::vector<size_t>{kBatchWritesMax, 10});
  CHECK(router->replies() == Replies(kBatchWritesMax + 10, ":0"));
}

// A pass may take seconds on a slow machine: the shard must not look as if it hung (ShardWatch).
TEST_CASE_METHOD(BatchingShard, "a shard goes on with each command of a long pass, and when idle") {
  const auto router = link(257);
  const int64_t before = shard_->counters().steps.get();
  std::vector<int64_t> steps;
  store_->on_commit = [&] { steps.push_back(shard_->counters().steps.get() - before); };
  send_sets(*router, kBatchWritesMax + 10);
  loop_.settle();
  CHECK(steps == std::vector<int64_t>{kBatchWritesMax - 1, kBatchWritesMax + 10});

  loop_.advance(ShardWatch::kLook);
  CHECK(shard_->counters().steps.get() - before == kBatchWritesMax + 11);
}

TEST_CASE_METHOD(BatchingShard, "a shard tells how large is what it is busy with") {
  const auto router = link(257);
  std::vector<int64_t> bytes;
  store_->on_commit = [&] { bytes.push_back(shard_->counters().busy_bytes.get()); };
  router->send(set("k", std::string(kBatchBytesMax, 'x'), ++hlc_));
  loop_.settle();
  REQUIRE(bytes.size() == 1);
  CHECK(bytes[0] > static_cast<int64_t>(kBatchBytesMax));
  CHECK(shard_->counters().busy_bytes.get() == 0);
}

TEST_CASE_METHOD(BatchingShard, "a batch of large values is committed before the pass is over") {
  const std::string value(48 * 1024, 'x');  // A request fits into one read.
  const size_t fit = (kBatchBytesMax + value.size() - 1) / value.size();
  std::vector<std::unique_ptr<Router>> routers;
  for (uint32_t i = 0; i < fit + 3; ++i) {
    routers.push_back(link(257 + i));
  }
  for (const auto& router : routers)
    router->send(set("k", value, ++hlc_));
  loop_.settle();
  CHECK(store_->batches == std::vector<size_t>{fit, 3});
}

TEST_CASE_METHOD(BatchingShard, "a long batch that finds no room is answered once per command") {
  const auto router = link(257);
  const auto other = link(258);
  store_->commit_error = kFull;
  send_sets(*router, kBatchWritesMax + 10);
  send_sets(*other, 1, "other");
  loop_.settle();
  CHECK(first_words(*router) == Replies(kBatchWritesMax + 10, "-DISKFULL"));
  CHECK(first_words(*other) == Replies{"-DISKFULL"});
}

TEST_CASE_METHOD(BatchingShard, "what was committed early in a pass stays when the rest fails") {
  const auto router = link(257);
  const auto other = link(258);
  store_->on_commit = [&] {
    if (!store_->batches.empty()) store_->commit_error = kFull;  // From the second on.
  };
  send_sets(*router, kBatchWritesMax + 2);
  router->send(get("k0"));
  router->send(get("k" + std::to_string(kBatchWritesMax)));
  send_sets(*other, 1, "other");
  loop_.settle();
  Replies expected(kBatchWritesMax, ":0");
  expected.insert(expected.end(), {"-DISKFULL", "-DISKFULL", "v", "nil"});
  CHECK(first_words(*router) == expected);
  CHECK(first_words(*other) == Replies{"-DISKFULL"});
  CHECK(store_->batches == std::vector<size_t>{kBatchWritesMax});
  CHECK(ask(*other, get("k0")) == "v");
}

TEST_CASE_METHOD(BatchingShard, "a failed batch is answered in order, in each of its sessions") {
  std::vector<std::unique_ptr<Router>> routers;
  for (uint32_t i = 0; i < 5; ++i)
    routers.push_back(link(257 + i));
  store_->commit_error = kFull;
  for (size_t i = 0; i < routers.size(); ++i) {
    const std::string key = "k" + std::to_string(i);
    routers[i]->send({"PING"});
    routers[i]->send(set(key, "v", ++hlc_));
    routers[i]->send(get(key));
    routers[i]->send({"VGET", "x", key});
    routers[i]->send(del(key, ++hlc_));
    routers[i]->send({"PING"});
  }
  loop_.settle();
  for (const auto& router : routers) {
    CHECK(first_words(*router) ==
          Replies{"+PONG", "-DISKFULL", "nil", "-ERR", "-DISKFULL", "+PONG"});
  }
  CHECK(shard_->counters().failed_batches.get() == 1);

  store_->commit_error = Status::okay();
  for (size_t i = 0; i < routers.size(); ++i) {
    routers[i]->send(link_words(257 + static_cast<uint32_t>(i), 3));
    routers[i]->send(set("again", "v", ++hlc_));
  }
  loop_.settle();
  CHECK(routers[0]->replies().back() == ":0");
  CHECK(routers[4]->replies().back() == ":1");
}

TEST_CASE_METHOD(BatchingShard,
                 "a connection that is fenced while its batch runs again stays shut") {
  const auto older = link(257);
  const auto newer = connect();
  store_->commit_error = kFull;
  newer->send({"PING"});
  older->send(set("k", "v"));
  newer->send(link_words(258, 3));
  newer->send(set("other", "v"));
  newer->send(link_words(257, 3));
  loop_.settle();
  CHECK(older->ended());
  CHECK(older->replies().empty());
  const Replies replies = first_words(*newer);
  CHECK(replies.size() == 4);
  CHECK(replies[2] == "-DISKFULL");
  store_->commit_error = Status::okay();
  CHECK(ask(*newer, get("k")) == "nil");
}

TEST_CASE_METHOD(BatchingShard, "a batch whose writer has gone is committed with its pass") {
  const auto writer = link(257);
  const auto successor = connect();
  writer->send(set("k", "v"));
  successor->send(link_words(257, 3));  // In the same pass; it closes the other.
  loop_.settle();
  CHECK(writer->ended());
  CHECK_FALSE(store_->open());
  CHECK(committed("k") == "v");
}

TEST_CASE_METHOD(BatchingShard,
                 "a peer that breaks the protocol leaves the rest of its batch whole") {
  const auto broken = link(257);
  const auto sound = link(258);
  broken->send(set("a", "v"));
  broken->send_bytes("*x\r\n");
  sound->send(set("b", "v"));
  loop_.settle();
  const Replies replies = first_words(*broken);
  CHECK(replies == Replies{":0", "-ERR"});
  CHECK(broken->ended());
  CHECK(sound->replies() == Replies{":0"});

  // The sound one still waits for its commits.
  store_->commit_error = kFull;
  sound->send(set("b", "w", 2));
  loop_.settle();
  CHECK(first_words(*sound) == Replies{"-DISKFULL"});
}

TEST_CASE_METHOD(BatchingShard, "an epoch ends with the commit of what was accepted in it") {
  const auto writer = link(257);
  const auto other = link(258);
  bool changed = false;
  other->on_reply = [&] {  // In the middle of the pass that has brought the write.
    CHECK(store_->open());
    serve(4);
    CHECK_FALSE(store_->open());
    changed = true;
  };
  other->send({"PING"});
  loop_.run_pass();
  writer->send(set("k", "v"));
  loop_.settle();
  CHECK(changed);
  CHECK(writer->replies() == Replies{":0"});
  CHECK(committed("k") == "v");
}

TEST_CASE_METHOD(BatchingShard, "DORIS.RECORD sees what is committed, and no more") {
  const auto writer = link(257);
  const auto other = link(258);
  store_->commit_error = kFull;
  const KeyRef key{static_cast<topology::Vnode>(std::stoi(vnode())), "k"};
  bool looked = false;
  other->on_reply = [&] {
    CHECK(store_->open());
    const auto found = shard_->inspect(key);
    REQUIRE(found.ok());
    CHECK_FALSE(found->has_value());
    looked = true;
  };
  other->send({"PING"});
  loop_.run_pass();
  writer->send(set("k", "v"));
  loop_.settle();
  CHECK(looked);
  CHECK(first_words(*writer) == Replies{"-DISKFULL"});
}

TEST_CASE_METHOD(BatchingShard,
                 "a shard that stops finishes its batch and closes its connections") {
  const auto writer = link(257);
  const auto other = link(258);
  other->on_reply = [&] { shard_->stop(); };
  other->send({"PING"});
  loop_.run_pass();
  writer->send(set("k", "v"));
  loop_.settle();
  CHECK(writer->replies() == Replies{":0"});
  CHECK(writer->ended());
  CHECK(other->ended());
  CHECK(committed("k") == "v");
  CHECK(shard_->counters().sessions.get() == 0);
}

}  // namespace
}  // namespace doris::server::test
