// Statements with a list of ids or codes: "… WHERE id IN (@ids)".
#ifndef QUNGONG_RUNTIME_IN_LIST_H_
#define QUNGONG_RUNTIME_IN_LIST_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"

namespace qungong::mysql {

// Sends `sql` with @ids replaced by placeholders, as often as the ids need. Parameters before @ids
// come in `params`; there are none after it. Lists are filled up to one of four lengths by
// repeating an id, so that few statements are prepared. Rows of all parts, in no order across
// parts.
absl::StatusOr<Rows> QueryIn(Tx& tx, absl::string_view sql, absl::Span<const Param> params,
                             absl::Span<const Uuid> ids);
absl::StatusOr<Rows> QueryIn(Tx& tx, absl::string_view sql, absl::Span<const Param> params,
                             absl::Span<const std::string> texts);
absl::Status ExecuteIn(Tx& tx, absl::string_view sql, absl::Span<const Param> params,
                       absl::Span<const Uuid> ids);

}  // namespace qungong::mysql

#endif  // QUNGONG_RUNTIME_IN_LIST_H_
