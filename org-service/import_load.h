// Reads into a book what a file deals with.
#ifndef QUNGONG_ORG_SERVICE_IMPORT_LOAD_H_
#define QUNGONG_ORG_SERVICE_IMPORT_LOAD_H_

#include <vector>

#include "absl/status/status.h"
#include "org-service/amendment_file.h"
#include "org-service/division_import.h"
#include "org-service/node_book.h"
#include "runtime/mysql.h"

namespace qungong::org {

// The divisions of the rows and their parents, and the units that govern the parents.
absl::Status LoadForDivisions(mysql::Tx& tx, const std::vector<DivisionRow>& rows, NodeBook* book);

// What the amendments name, with units and service centers, what stands above it, and what stands
// below where something ends.
absl::Status LoadForAmendments(mysql::Tx& tx, const std::vector<Amendment>& amendments,
                               NodeBook* book);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_IMPORT_LOAD_H_
