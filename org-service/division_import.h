// What a file of divisions makes of the book. Pure.
#ifndef QUNGONG_ORG_SERVICE_DIVISION_IMPORT_H_
#define QUNGONG_ORG_SERVICE_DIVISION_IMPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "org-service/import_report.h"
#include "org-service/node_book.h"
#include "qungong/rpc/v1/directory.pb.h"

namespace qungong::org {

struct DivisionRow {
  int line = 0;
  std::string code;
  std::string name;
  std::string parent_code;
  rpc::v1::Level level = rpc::v1::LEVEL_UNSPECIFIED;
};

// The rows of a file with the columns code, name, parent_code and level, from the top level down;
// what is wrong with a row by itself is reported.
std::vector<DivisionRow> ParseDivisions(absl::string_view text, ImportReport* report);

struct DivisionDays {
  int32_t as_of = 0;        // the day on which the file's content was true
  int32_t known_since = 0;  // first day of what is new
};

// Creates each division that the book does not know, with its governing unit and its service
// center, and compares those that it knows.
void PlanDivisions(const std::vector<DivisionRow>& rows, const DivisionDays& days, NodeBook* book,
                   ImportReport* report);

// A new division with its unit and service center below a parent and its unit.
struct NewDivision {
  std::string key;   // code or key, of which the ids are made
  std::string code;  // may be empty
  std::string file_name;
  rpc::v1::Level level = rpc::v1::LEVEL_UNSPECIFIED;
  DayInterval valid;
};
// An error as of AddError's if the name tells no kind or the parent cannot take it.
absl::Status CreateDivisionIn(const NewDivision& division, const NodeRecord& parent,
                              NodeBook* book);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_DIVISION_IMPORT_H_
