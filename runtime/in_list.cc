#include "runtime/in_list.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "runtime/status.h"

namespace qungong::mysql {
namespace {

constexpr absl::string_view kMark = "@ids";

size_t PaddedLength(size_t n) {
  for (const size_t length : {1, 8, 64}) {
    if (n <= length) return length;
  }
  return 512;
}

std::string WithPlaceholders(absl::string_view sql, size_t n) {
  const size_t at = sql.find(kMark);
  std::string list = "?";
  for (size_t i = 1; i < n; ++i) list.append(",?");
  return absl::StrCat(sql.substr(0, at), list, sql.substr(at + kMark.size()));
}

absl::Status SendParts(
    absl::string_view sql, absl::Span<const Param> params, absl::Span<const Uuid> ids,
    absl::FunctionRef<absl::Status(const std::string&, absl::Span<const Param>)> send) {
  if (sql.find(kMark) == absl::string_view::npos) {
    return absl::InternalError("statement without @ids");
  }
  while (!ids.empty()) {
    const size_t length = PaddedLength(ids.size());
    const absl::Span<const Uuid> part = ids.subspan(0, length);
    ids.remove_prefix(part.size());
    std::vector<Param> all(params.begin(), params.end());
    all.insert(all.end(), part.begin(), part.end());
    all.resize(params.size() + length, Param(part.back()));
    RETURN_IF_ERROR(send(WithPlaceholders(sql, length), all));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Rows> QueryIn(Tx& tx, absl::string_view sql, absl::Span<const Param> params,
                             absl::Span<const Uuid> ids) {
  Rows rows;
  RETURN_IF_ERROR(
      SendParts(sql, params, ids,
                [&tx, &rows](const std::string& text, absl::Span<const Param> all) -> absl::Status {
                  ASSIGN_OR_RETURN(Rows part, tx.Query(text, all));
                  std::move(part.begin(), part.end(), std::back_inserter(rows));
                  return absl::OkStatus();
                }));
  return rows;
}

absl::Status ExecuteIn(Tx& tx, absl::string_view sql, absl::Span<const Param> params,
                       absl::Span<const Uuid> ids) {
  return SendParts(sql, params, ids, [&tx](const std::string& text, absl::Span<const Param> all) {
    return tx.Execute(text, all).status();
  });
}

}  // namespace qungong::mysql
