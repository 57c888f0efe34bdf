// What a file of amendments makes of the book. Pure.
#ifndef QUNGONG_ORG_SERVICE_AMENDMENT_IMPORT_H_
#define QUNGONG_ORG_SERVICE_AMENDMENT_IMPORT_H_

#include <vector>

#include "org-service/amendment_file.h"
#include "org-service/import_report.h"
#include "org-service/node_book.h"

namespace qungong::org {

// Applies the amendments one after the other; those that are done already are left alone.
void PlanAmendments(const std::vector<Amendment>& amendments, NodeBook* book, ImportReport* report);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_AMENDMENT_IMPORT_H_
