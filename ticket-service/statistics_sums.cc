#include "ticket-service/statistics_sums.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/civil.h"
#include "runtime/status.h"
#include "ticket-service/statistics_store.h"

namespace qungong::ticket {
namespace {

using mysql::Param;

// The statements of one table of sums. Increases are one upsert of many rows. Decreases, which are
// rare (a ticket's day moved, or it was reopened), are an update each: an upsert would first have
// to be a row that might be inserted, and a count below zero may not be.
class SumTable {
 public:
  SumTable(absl::string_view name, const std::vector<absl::string_view>& keys)
      : width_(keys.size() + kFigures) {
    std::string columns;
    std::string added;
    std::string subtracted;
    std::string zero;
    for (size_t i = 0; i < kFigures; ++i) {
      const std::string& c = ColumnOf(FigureAt(i));
      absl::StrAppend(&columns, ", ", c);
      absl::StrAppend(&added, i == 0 ? "" : ", ", c, " = ", c, " + VALUES(", c, ")");
      absl::StrAppend(&subtracted, i == 0 ? "" : ", ", c, " = ", c, " - ?");
      absl::StrAppend(&zero, " AND ", c, " = 0");
    }
    std::string key_columns;
    std::string key_equals;
    for (const absl::string_view key : keys) {
      absl::StrAppend(&key_columns, key_columns.empty() ? "" : ", ", key);
      absl::StrAppend(&key_equals, key_equals.empty() ? "" : " AND ", key, " = ?");
    }
    insert_ = absl::StrCat("INSERT INTO ", name, " (", key_columns, columns, ")");
    on_duplicate_ = absl::StrCat("ON DUPLICATE KEY UPDATE ", added);
    subtract_ = absl::StrCat("UPDATE ", name, " SET ", subtracted, " WHERE ", key_equals);
    delete_zero_ = absl::StrCat("DELETE FROM ", name, " WHERE ", key_equals, zero);
  }

  // A row's key and what to add to it.
  struct Change {
    std::vector<Param> key;
    const Counts* counts;
  };

  absl::Status Add(mysql::Tx& tx, const std::vector<Change>& changes) const {
    std::vector<Param> params;
    for (const Change& change : changes) {
      if (std::none_of(change.counts->begin(), change.counts->end(),
                       [](int64_t n) { return n > 0; }))
        continue;
      params.insert(params.end(), change.key.begin(), change.key.end());
      for (const int64_t n : *change.counts) params.emplace_back(std::max<int64_t>(n, 0));
    }
    RETURN_IF_ERROR(tx.ExecuteMany(insert_, width_, params, on_duplicate_));
    for (const Change& change : changes) {
      if (std::none_of(change.counts->begin(), change.counts->end(),
                       [](int64_t n) { return n < 0; }))
        continue;
      RETURN_IF_ERROR(Subtract(tx, change));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Subtract(mysql::Tx& tx, const Change& change) const {
    std::vector<Param> params;
    for (const int64_t n : *change.counts) params.emplace_back(std::max<int64_t>(-n, 0));
    params.insert(params.end(), change.key.begin(), change.key.end());
    ASSIGN_OR_RETURN(const int64_t changed, tx.Execute(subtract_, absl::MakeConstSpan(params)));
    if (changed != 1) return absl::InternalError("a count that is to be taken back is missing");
    return tx.Execute(delete_zero_, absl::MakeConstSpan(change.key)).status();
  }

  const size_t width_;
  std::string insert_;
  std::string on_duplicate_;
  std::string subtract_;
  std::string delete_zero_;
};

}  // namespace

absl::Status AddSums(mysql::Tx& tx, const StatisticSums& sums) {
  static const auto* const kDays = new SumTable("statistics", {"node_id", "day"});
  static const auto* const kDetails =
      new SumTable("statistic_details", {"node_id", "day", "class_code", "channel", "line"});
  std::vector<SumTable::Change> changes;
  for (const auto& [key, counts] : sums.days) {
    changes.push_back({{key.first, FromDayNumber(key.second)}, &counts});
  }
  RETURN_IF_ERROR(kDays->Add(tx, changes));
  changes.clear();
  for (const auto& [key, counts] : sums.details) {
    const auto& [node, day, class_code, channel, line] = key;
    changes.push_back({{node, FromDayNumber(day), class_code, channel, line}, &counts});
  }
  return kDetails->Add(tx, changes);
}

}  // namespace qungong::ticket
