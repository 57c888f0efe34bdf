// Who plays in the demo: the accounts that `./qungong up` creates, and the places they act at.
#ifndef QUNGONG_TESTS_DEMO_CAST_H_
#define QUNGONG_TESTS_DEMO_CAST_H_

#include <map>
#include <string>
#include <vector>

#include "qungong/rpc/v1/options.pb.h"
#include "tests/demo/api.h"

namespace qungong::demo {

// Where the demo runs.
struct Stage {
  std::string host = "127.0.0.1";
  int port = 8080;
  std::string run_dir = ".run";       // secrets/ and clock
  std::string qungong = "./qungong";  // to stop, kill and start processes
};

// An account of the demo.
struct Role {
  const char* login;
  const char* display_name;
  const char*
      place;  // code of the division whose unit it acts for; "lighting": the district's department
  std::vector<rpc::v1::Role> roles;
  bool goes_on = false;  // at the unit's successor, when the unit ends
};

inline constexpr char kDistrict[] = "500105";        // 江北区
inline constexpr char kSubdistrict[] = "500105006";  // 观音桥街道
inline constexpr char kNeighbour[] = "500112";       // 渝北区
inline constexpr char kLightingLine[] = "urban_management";

const std::vector<Role>& Cast();

// Units by the `place` of a role.
using Units = std::map<std::string, std::string>;
// The first community of the subdistrict, in the order of codes.
std::string CommunityCode(Api& api);
Units FindUnits(Api& api);

// The password of a demo account; made once and kept in secrets/demo.
std::string DemoPassword(const Stage& stage);
std::string AdministratorPassword(const Stage& stage, const std::string& login);

// Sets the clock of the whole suite, or lets it run again ("").
void SetClock(const Stage& stage, const std::string& rfc3339);

// Creates what is missing: the lighting department, the accounts, their roles. Idempotent.
int Prepare(const Stage& stage);
// Plays the story; 0 if everything was as it should be.
int Play(const Stage& stage);

}  // namespace qungong::demo

#endif  // QUNGONG_TESTS_DEMO_CAST_H_
