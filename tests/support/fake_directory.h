// A small municipality for tests: what the real one has one of each kind of, and a neighbour to be
// kept out.
//
//   重庆市 ┬ 江北区 ┬ 观音桥街道 ┬ 建新社区
//          │        │            └ 洋河社区
//          │        ├ 华新街街道 ─ 嘉陵社区
//          │        └ 江北区城市管理局 (department, line urban_management)
//          └ 渝北区 ─ 龙溪街道 ─ 花卉社区
//
// Every place is a division, the unit that governs it and a service center. At every unit one
// account holds each of the roles of daily work; the municipality also has the administrators and a
// service account. All since 2010.
#ifndef QUNGONG_TESTS_SUPPORT_FAKE_DIRECTORY_H_
#define QUNGONG_TESTS_SUPPORT_FAKE_DIRECTORY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "qungong/rpc/v1/options.pb.h"
#include "runtime/ids.h"

namespace qungong::testing {

// Names, as requests carry them.
struct Place {
  std::string code;
  std::string division;
  std::string unit;
  std::string center;
};

class FakeDirectory {
  rpc::v1::DirectoryChange change_;  // first: making the places fills it

 public:
  FakeDirectory();

  // Everything, to be given to TestService::ApplyDirectory.
  const rpc::v1::DirectoryChange& change() const { return change_; }

  // The account that holds `role` at a unit, and nothing else: "accounts/{uuid}".
  static std::string AccountOf(absl::string_view unit, rpc::v1::Role role);

  // Adds one more grant to change(); returns its record.
  rpc::v1::GrantRecord& AddGrant(absl::string_view principal, absl::string_view unit,
                                 rpc::v1::Role role, absl::string_view line = "");

  const Place municipality;
  const Place jiangbei, yubei;
  const Place guanyinqiao, huaxin, longxi;
  const Place jianxin, yanghe, jialing, huahui;
  const std::string urban_management;  // unit: department of 江北区
  const std::string housing;           // unit: department of 江北区, line housing

 private:
  Place AddPlace(absl::string_view name, absl::string_view code, rpc::v1::Level level,
                 const Place* parent);
  std::string AddDepartment(absl::string_view name, const Place& parent, absl::string_view line);
  rpc::v1::NodeRecord& AddNode(absl::string_view name, absl::string_view display_name,
                               rpc::v1::NodeKind kind, rpc::v1::Level level);
  void AddDailyRoles(absl::string_view unit);
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_FAKE_DIRECTORY_H_
