#include "admin/disk_marks.h"

#include <catch2/catch.hpp>

namespace doris::admin {
namespace {

TEST_CASE("a disk is older than what was heard of it, or not") {
  DiskMarks marks;
  CHECK_FALSE(marks.is_older(1, 5));  // Never heard of.
  marks.begins(1, 11, 50);
  marks.heard(1, 11, 100);
  CHECK(marks.is_older(1, 99));
  CHECK_FALSE(marks.is_older(1, 100));
  CHECK_FALSE(marks.is_older(2, 99));
}

TEST_CASE("a mark of 0 says nothing") {
  DiskMarks marks;
  marks.begins(1, 11, 100);
  marks.heard(1, 11, 0);
  CHECK_FALSE(marks.is_older(1, 0));
  marks.begins(1, 12, 0);
  CHECK(marks.is_older(1, 99));
}

TEST_CASE("once it is known that a disk is older it counts by itself") {
  DiskMarks marks;
  marks.begins(1, 11, 100);
  marks.begins(1, 12, 70);
  CHECK_FALSE(marks.is_older(1, 80));
  marks.heard(1, 11, 100);  // What its earlier process has said comes late.
  CHECK_FALSE(marks.is_older(1, 80));
  marks.heard(1, 12, 90);
  CHECK(marks.is_older(1, 80));
}

TEST_CASE("what was kept is known to the next admin, who has not seen the process begin") {
  DiskMarks marks(DiskMarks::ByNode{{1, 100}});
  CHECK(marks.is_older(1, 99));
  marks.heard(1, 11, 120);
  CHECK(marks.is_older(1, 119));
  CHECK(marks.marks() == DiskMarks::ByNode{{1, 120}});
}

// It is heard of once more after another process has registered.
TEST_CASE("what was heard last of a process that is gone is not the disk of a new one") {
  DiskMarks marks;
  CHECK(marks.is_new(1, 7));
  marks.heard(1, 7, 100);
  CHECK_FALSE(marks.is_new(1, 7));
  marks.begins(1, 8, 120);
  CHECK_FALSE(marks.is_new(1, 7));
  CHECK_FALSE(marks.is_new(1, 8));
  CHECK(marks.is_new(1, 9));
  CHECK(marks.is_new(2, 7));
}

}  // namespace
}  // namespace doris::admin
