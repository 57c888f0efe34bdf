// What the stores of this service share: row locks, conditions with their parameters, scope, pages
// by key.
#ifndef QUNGONG_ORG_SERVICE_LISTING_H_
#define QUNGONG_ORG_SERVICE_LISTING_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "runtime/mysql.h"
#include "runtime/operation.h"

namespace qungong::org {

// Whether a row that is read may be changed by others before the transaction ends.
enum class RowLock { kNone, kForUpdate };
inline const char* LockClause(RowLock lock) {
  return lock == RowLock::kForUpdate ? " FOR UPDATE" : "";
}

// Conditions of one list, joined by AND. Parameters are referred to, not copied: text, bytes and
// ids must outlive the query.
class Conditions {
 public:
  template <typename... P>
  void And(absl::string_view condition, const P&... params) {
    absl::StrAppend(&sql_, sql_.empty() ? "WHERE " : "\n  AND ", condition);
    (params_.push_back(mysql::Param(params)), ...);
  }
  // Only rows whose unit (of several columns "a, b" any of the units) lies at or below one of
  // `nodes` on `day`, or did on its last day.
  void AndWithin(absl::string_view unit_columns, absl::Span<const Uuid> nodes, absl::CivilDay day);

  const std::string& sql() const { return sql_; }
  const std::vector<mysql::Param>& params() const { return params_; }

 private:
  std::string sql_;
  std::vector<mysql::Param> params_;
};

// One page of a list, read from a request with page_size and page_token.
class ListPage {
 public:
  // PAGE_TOKEN_INVALID if the token was made for another question.
  static absl::StatusOr<ListPage> Open(const Read& read, const google::protobuf::Message& request);

  // Key of the last row of the page before; "" for the first page.
  const std::string& after() const { return after_; }
  int size() const { return size_; }
  // One row more than a page, to know whether there is a next one.
  int limit() const { return size_ + 1; }
  // Drops the row too many; true if there was one.
  template <typename T>
  bool Cut(std::vector<T>& rows) const {
    if (rows.size() <= static_cast<size_t>(size_)) return false;
    rows.pop_back();
    return true;
  }
  std::string NextToken(const Read& read, absl::string_view last_key) const;

 private:
  std::string question_;
  std::string after_;
  int size_ = 0;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_LISTING_H_
