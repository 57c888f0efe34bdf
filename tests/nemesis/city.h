// The small city that the clients live in, made through org-service's API: a district with two
// subdistricts of a dozen communities each, and two accounts for each part.
#ifndef QUNGONG_TESTS_NEMESIS_CITY_H_
#define QUNGONG_TESTS_NEMESIS_CITY_H_

#include <map>
#include <string>
#include <vector>

#include "qungong/org/v1/division_service.pb.h"
#include "qungong/org/v1/unit_service.pb.h"
#include "qungong/rpc/v1/options.pb.h"
#include "tests/nemesis/suite.h"
#include "tests/nemesis/wire.h"

namespace qungong::nemesis {

struct City {
  std::string registrar;  // accounts/…
  std::string system_admin;
  std::string security_admin;
  std::vector<std::string> clerks;
  std::vector<std::string> handlers;
  std::vector<std::string> reviewers;
  std::vector<std::string> callers;
  std::vector<std::string> spares;              // hold nothing that the clients need
  std::vector<std::string> communities;         // divisions/…
  std::vector<std::string> towns;               // units/… of subdistricts
  std::vector<std::string> community_units;     // units/… of communities
  std::vector<std::string> units;               // both
  std::map<std::string, std::string> superior;  // unit -> the unit above it
  std::map<std::string, std::string> inferior;  // unit of a subdistrict -> that of a community
};

// Ends the process if it cannot be made. Some tickets get limits so short that the schedule has
// work to do during a run.
City MakeCity(Suite& suite, Wire& wire, History& history);

}  // namespace qungong::nemesis

#endif  // QUNGONG_TESTS_NEMESIS_CITY_H_
