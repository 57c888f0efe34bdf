#include "ticket-service/clock_steps.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "runtime/civil.h"

namespace qungong::ticket {
namespace {

bool IsMidnight(absl::Time t) {
  const absl::CivilSecond second = absl::ToCivilSecond(t, Shanghai());
  return second == absl::CivilSecond(absl::CivilDay(second)) &&
         absl::FromCivil(second, Shanghai()) == t;
}

std::string Begin(absl::Time t) { return absl::FormatTime("%Y-%m-%d %H:%M", t, Shanghai()); }

// Midnight ends a day here: 2015-09-09 24:00, not 2015-09-10 00:00.
std::string End(absl::Time t) {
  if (!IsMidnight(t)) return Begin(t);
  return absl::StrCat(absl::FormatCivilTime(DayOf(t) - 1), " 24:00");
}

// Whole days as days, anything else to the minute.
std::string Span(absl::Time from, absl::Time to) {
  if (to == absl::InfiniteFuture()) return absl::StrCat(Begin(from), " 起");
  if (!IsMidnight(from) || !IsMidnight(to)) return absl::StrCat(Begin(from), " 至 ", End(to));
  const std::string first = absl::FormatCivilTime(DayOf(from));
  const std::string last = absl::FormatCivilTime(DayOf(to) - 1);
  return first == last ? first : absl::StrCat(first, " 至 ", last);
}

std::string Amount(LimitUnit unit, int64_t amount) {
  switch (unit) {
    case LimitUnit::kWallMinutes:
      return absl::StrFormat("%d分钟", amount);
    case LimitUnit::kWorkingMinutes:
      return absl::StrFormat("%d分钟工作时间", amount);
    case LimitUnit::kWorkingDays:
      return absl::StrFormat("%d个工作日", amount);
  }
  return "";
}

}  // namespace

std::string DescribeStep(const Step& step) {
  const std::string amount = Amount(step.unit, step.amount);
  switch (step.kind) {
    case Step::Kind::kStarted:
      return absl::StrCat(Begin(step.from), " 起算");
    case Step::Kind::kLimit:
      return absl::StrCat("时限 ", amount);
    case Step::Kind::kExtended:
      return absl::StrCat("批准延期 ", amount);
    case Step::Kind::kStartDay:
      return absl::StrCat(absl::FormatCivilTime(DayOf(step.from)), " 为起算日，不计");
    case Step::Kind::kCounted:
      return absl::StrCat(Span(step.from, step.to), " 计 ", amount, "，累计 ",
                          Amount(step.unit, step.total));
    case Step::Kind::kNotWorking:
      return absl::StrCat(Span(step.from, step.to), " 放假，不计");
    case Step::Kind::kPaused:
      return absl::StrCat(Span(step.from, step.to), " 暂停，不计");
    case Step::Kind::kUnpublishedYear:
      return absl::StrFormat("%d年放假安排尚未公布，暂按周末休息推算，公布后重算", step.amount);
    case Step::Kind::kCapped:
      return absl::StrCat("不得晚于上一级时限 ", End(step.to));
    case Step::Kind::kDue:
      return absl::StrCat(End(step.to), " 到期");
    case Step::Kind::kSuspended:
      return absl::StrCat(Begin(step.from), " 起暂停至今，恢复后再定到期时间");
  }
  return "";
}

}  // namespace qungong::ticket
