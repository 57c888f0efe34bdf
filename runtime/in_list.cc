#include "runtime/in_list.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
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

template <typename T>
absl::Status SendParts(
    absl::string_view sql, absl::Span<const Param> params, absl::Span<const T> list,
    absl::FunctionRef<absl::Status(const std::string&, absl::Span<const Param>)> send) {
  if (!absl::StrContains(sql, kMark)) {
    return absl::InternalError("statement without @ids");
  }
  while (!list.empty()) {
    const size_t length = PaddedLength(list.size());
    const absl::Span<const T> part = list.subspan(0, length);
    list.remove_prefix(part.size());
    std::vector<Param> all(params.begin(), params.end());
    all.insert(all.end(), part.begin(), part.end());
    all.resize(params.size() + length, Param(part.back()));
    RETURN_IF_ERROR(send(WithPlaceholders(sql, length), all));
  }
  return absl::OkStatus();
}

template <typename T>
absl::StatusOr<Rows> QueryParts(Tx& tx, absl::string_view sql, absl::Span<const Param> params,
                                absl::Span<const T> list) {
  Rows rows;
  RETURN_IF_ERROR(
      SendParts(sql, params, list,
                [&tx, &rows](const std::string& text, absl::Span<const Param> all) -> absl::Status {
                  ASSIGN_OR_RETURN(Rows part, tx.Query(text, all));
                  std::move(part.begin(), part.end(), std::back_inserter(rows));
                  return absl::OkStatus();
                }));
  return rows;
}

}  // namespace

absl::StatusOr<Rows> QueryIn(Tx& tx, absl::string_view sql, absl::Span<const Param> params,
                             absl::Span<const Uuid> ids) {
  return QueryParts(tx, sql, params, ids);
}

absl::StatusOr<Rows> QueryIn(Tx& tx, absl::string_view sql, absl::Span<const Param> params,
                             absl::Span<const std::string> texts) {
  return QueryParts(tx, sql, params, texts);
}

absl::Status ExecuteIn(Tx& tx, absl::string_view sql, absl::Span<const Param> params,
                       absl::Span<const Uuid> ids) {
  return SendParts(sql, params, ids, [&tx](const std::string& text, absl::Span<const Param> all) {
    return tx.Execute(text, all).status();
  });
}

}  // namespace qungong::mysql
