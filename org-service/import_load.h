// Reads into a book what a file deals with.
#ifndef QUNGONG_ORG_SERVICE_IMPORT_LOAD_H_
#define QUNGONG_ORG_SERVICE_IMPORT_LOAD_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "org-service/amendment_file.h"
#include "org-service/division_import.h"
#include "org-service/node_book.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"

namespace qungong::org {

// The divisions of the rows and their parents, and the units that govern the parents.
absl::Status LoadForDivisions(mysql::Tx& tx, const std::vector<DivisionRow>& rows, NodeBook* book);

// What the amendments name, with units and service centers, what stands above it, and what stands
// below where something ends.
absl::Status LoadForAmendments(mysql::Tx& tx, const std::vector<Amendment>& amendments,
                               NodeBook* book);

// What a request names, and codes that it gives.
struct NamedNodes {
  std::vector<Uuid> divisions;
  std::vector<Uuid> units;
  std::vector<Uuid> centers;
  std::vector<std::string> codes;
};
// The same of these nodes, whatever stands above the units, and who bears or bore the codes.
absl::Status LoadAround(mysql::Tx& tx, const NamedNodes& named, NodeBook* book);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_IMPORT_LOAD_H_
