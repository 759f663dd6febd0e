// Loop::post() and stop(), Postbox, and LoopThread.
#include <pthread.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/net/loop_thread.h"
#include "base/net/postbox.h"
#include "base/net/uv_loop.h"

namespace doris::net {
namespace {

TEST_CASE("What several threads post runs on the loop's thread, each thread's in its order") {
  constexpr int kThreads = 4;
  constexpr int kPosts = 2000;
  LoopThread target("target");
  std::vector<std::vector<int>> seen(kThreads);
  std::thread::id loop_thread;
  bool always_there = true;
  target.run_and_wait([&] { loop_thread = std::this_thread::get_id(); });

  std::vector<std::thread> posters;
  for (int t = 0; t < kThreads; ++t) {
    posters.emplace_back([&, t] {
      for (int i = 0; i < kPosts; ++i) {
        target.loop().post([&, t, i] {
          seen[t].push_back(i);
          always_there = always_there && std::this_thread::get_id() == loop_thread;
        });
      }
    });
  }
  for (std::thread& poster : posters)
    poster.join();
  target.run_and_wait([] {});

  std::vector<int> in_order(kPosts);
  for (int i = 0; i < kPosts; ++i)
    in_order[i] = i;
  for (const std::vector<int>& of_one : seen)
    CHECK(of_one == in_order);
  CHECK(always_there);
}

TEST_CASE("What was posted before stop() runs, what comes later is destroyed unrun") {
  bool ran_before = false;
  bool ran_after = false;
  const auto held = std::make_shared<int>(0);
  {
    const auto loop = make_uv_loop();
    loop->post([&] {
      ran_before = true;
      loop->post([&, held] { ran_after = true; });
    });
    loop->stop();
    loop->stop();
    loop->run();
    CHECK(held.use_count() == 2);
  }
  CHECK(ran_before);
  CHECK_FALSE(ran_after);
  CHECK(held.use_count() == 1);
}

TEST_CASE("A function that is destroyed unrun may post another") {
  class PostsWhenItDies {
   public:
    PostsWhenItDies(Loop& loop, int generations) : loop_(loop), generations_(generations) {}
    ~PostsWhenItDies() {
      if (generations_ == 0) return;
      loop_.post([heir = std::make_shared<PostsWhenItDies>(loop_, generations_ - 1)] {});
    }

   private:
    Loop& loop_;
    const int generations_;
  };
  auto loop = make_uv_loop();
  auto first = std::make_shared<PostsWhenItDies>(*loop, 3);
  const std::weak_ptr<PostsWhenItDies> watched = first;
  loop->post([held = std::move(first)] {});
  loop.reset();
  CHECK(watched.expired());
}

TEST_CASE("A posted function's captures die before the next function runs") {
  LoopThread thread("captures");
  auto held = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = held;
  bool expired = false;
  thread.run_and_wait([&] {  // Both are posted in one pass, so they run in one.
    thread.loop().post([held = std::move(held)] {});
    thread.loop().post([&] { expired = watched.expired(); });
  });
  thread.stop();
  CHECK(expired);
}

TEST_CASE("What is in a postbox when it is destroyed never runs") {
  LoopThread thread("postbox");
  std::vector<std::string> ran;
  auto postbox = std::make_unique<Postbox>(thread.loop());
  postbox->post([&] { ran.emplace_back("before"); });
  thread.run_and_wait([&] {
    postbox->post([&] { ran.emplace_back("after"); });
    postbox.reset();
  });
  thread.run_and_wait([] {});
  CHECK(ran == std::vector<std::string>{"before"});
}

TEST_CASE("A loop thread bears its name, cut to what the kernel takes") {
  LoopThread thread("a-name-of-more-than-15");
  char name[16] = {};
  thread.run_and_wait([&] { pthread_getname_np(pthread_self(), name, sizeof name); });
  CHECK(std::string(name) == "a-name-of-more-");
}

TEST_CASE("A loop thread stops once, however often it is told") {
  LoopThread thread("stops");
  int ran = 0;
  thread.loop().post([&] { ++ran; });
  thread.stop();
  thread.stop();
  CHECK(ran == 1);
}

}  // namespace
}  // namespace doris::net
