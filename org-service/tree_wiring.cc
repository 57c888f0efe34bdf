#include "org-service/tree_wiring.h"

#include <memory>

#include "org-service/calendar_service.h"
#include "org-service/division_service.h"
#include "org-service/find_service.h"
#include "org-service/import_runner.h"
#include "org-service/import_service.h"
#include "org-service/reorganization_service.h"
#include "org-service/search_rebuild.h"
#include "org-service/service_center_service.h"
#include "org-service/unit_service.h"

namespace qungong::org {
namespace {

struct Tree {
  explicit Tree(Chassis& chassis) : imports([&chassis] { chassis.loops.Wake("imports"); }) {}

  DivisionHandlers divisions;
  UnitHandlers units;
  ServiceCenterHandlers service_centers;
  ReorganizationHandlers reorganizations;
  ImportHandlers imports;
  CalendarHandlers calendars;
  FindHandlers find;
};

}  // namespace

void WireTree(Chassis& chassis, Wiring& wiring) {
  const auto tree = std::make_shared<Tree>(chassis);
  wiring.services.push_back(std::make_unique<DivisionService>(chassis, tree->divisions));
  wiring.services.push_back(std::make_unique<UnitService>(chassis, tree->units));
  wiring.services.push_back(std::make_unique<ServiceCenterService>(chassis, tree->service_centers));
  wiring.services.push_back(
      std::make_unique<ReorganizationService>(chassis, tree->reorganizations));
  wiring.services.push_back(std::make_unique<ImportService>(chassis, tree->imports));
  wiring.services.push_back(std::make_unique<CalendarService>(chassis, tree->calendars));
  wiring.services.push_back(std::make_unique<FindService>(chassis, tree->find));
  wiring.parts.push_back(tree);
  chassis.loops.Add("imports", absl::Milliseconds(250), [&chassis](mysql::Session& session) {
    return RunNextImport(chassis, session);
  });
  // Once all keys are made, they are kept by whoever changes a label.
  chassis.loops.Add("search_keys", absl::Seconds(10),
                    [done = false](mysql::Session& session) mutable -> absl::StatusOr<bool> {
                      if (done) return false;
                      ASSIGN_OR_RETURN(const Rebuilt rebuilt, RebuildSearchKeys(session));
                      done = rebuilt == Rebuilt::kAll;
                      return !done;
                    });
}

}  // namespace qungong::org
