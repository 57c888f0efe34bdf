#include "ticket-service/number_store.h"

#include <algorithm>

#include "qungong/ticket/v1/errors.pb.h"
#include "runtime/status.h"
#include "ticket-service/ticket_number.h"

namespace qungong::ticket {
namespace {

namespace pb = v1;

constexpr char kEnsureBlock[] =
    "INSERT IGNORE INTO ticket_number_blocks (day, district_code, next_sequence) VALUES (?, ?, 1)";
constexpr char kLockBlock[] =
    "SELECT next_sequence FROM ticket_number_blocks WHERE day = ? AND district_code = ? FOR UPDATE";
constexpr char kMoveBlock[] =
    "UPDATE ticket_number_blocks SET next_sequence = ? WHERE day = ? AND district_code = ?";

}  // namespace

absl::StatusOr<NumberBlocks::Block> NumberBlocks::Claim(const Key& key, absl::Time deadline) {
  Block claimed;
  RETURN_IF_ERROR(aside_.Transact(deadline, [&](mysql::Tx& tx) -> absl::Status {
    RETURN_IF_ERROR(tx.Execute(kEnsureBlock, key.first, key.second).status());
    ASSIGN_OR_RETURN(const auto row, tx.QueryOne(kLockBlock, key.first, key.second));
    if (!row.has_value()) return absl::InternalError("a block of ticket numbers vanished");
    claimed.next = row->Int32(0);
    claimed.end = std::min(claimed.next + block_, kLastSequence + 1);
    if (claimed.next == claimed.end) {
      return WithReason(
          absl::ResourceExhaustedError("no ticket numbers are left for this day and district"),
          pb::ErrorReason_Name(pb::NUMBERS_EXHAUSTED));
    }
    return tx.Execute(kMoveBlock, claimed.end, key.first, key.second).status();
  }));
  return claimed;
}

absl::StatusOr<std::string> NumberBlocks::Next(absl::CivilDay day, const std::string& district_code,
                                               absl::Time deadline) {
  const Key key(day, district_code);
  absl::MutexLock lock(&mutex_);
  Block& block = blocks_[key];
  if (block.next == block.end) {
    ASSIGN_OR_RETURN(block, Claim(key, deadline));
    // Earlier days are over. A clock that is set back claims new blocks.
    blocks_.erase(blocks_.begin(), blocks_.lower_bound(Key(day - 1, "")));
  }
  return FormatTicketNumber({day, district_code, block.next++});
}

}  // namespace qungong::ticket
