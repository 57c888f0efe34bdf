#include "org-service/import_runner.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "org-service/amendment_import.h"
#include "org-service/calendar_file.h"
#include "org-service/calendar_store.h"
#include "org-service/csv.h"
#include "org-service/dates.h"
#include "org-service/division_import.h"
#include "org-service/import_load.h"
#include "org-service/import_report.h"
#include "org-service/import_store.h"
#include "org-service/node_store.h"
#include "runtime/civil.h"
#include "runtime/feed.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using v1::Import;

constexpr int kMaxAttempts = 3;
constexpr size_t kNodesAtOnce = 500;  // of one statement and of one event
constexpr absl::Duration kTransactionTime = absl::Minutes(10);

// One attempt of one import.
class Run {
 public:
  Run(Chassis& chassis, mysql::Session& session, StoredImport import)
      : chassis_(chassis),
        session_(session),
        reporter_(chassis.database),
        import_(std::move(import)) {}

  absl::Status Execute() {
    if (import_.attempt > kMaxAttempts) {
      ImportReport report;
      report.AddError(0, "", "IMPORT_GIVEN_UP", "it was begun too often without coming to an end");
      return End(report);
    }
    ImportReport report;
    bool applied = false;
    absl::Status status =
        session_.Transact({.deadline = absl::Now() + kTransactionTime}, [&](mysql::Tx& tx) {
          report = ImportReport();
          applied = false;
          return Attempt(tx, &report, &applied);
        });
    if (applied && status.ok()) return absl::OkStatus();
    if (ReasonOf(status) != "ROLLED_BACK") return status;
    return End(report);
  }

 private:
  // Everything that the file asks for. Whatever is not to take effect is rolled back by
  // ROLLED_BACK, a dry run last of all: it has tried everything.
  absl::Status Attempt(mysql::Tx& tx, ImportReport* report, bool* applied) {
    RETURN_IF_ERROR(CheckStillRunning(tx, import_));
    ASSIGN_OR_RETURN(const std::string content, LoadImportContent(tx, import_.id));
    events_ = 0;
    now_ = chassis_.clock.Now();
    IdSource ids(now_);
    ids_ = &ids;
    absl::Status status = import_.resource.kind() == Import::CALENDARS
                              ? ApplyCalendars(tx, content, report)
                              : ApplyTree(tx, content, report);
    if (absl::IsInvalidArgument(status)) report->AddError(0, "", status);
    if (!status.ok() && !absl::IsInvalidArgument(status)) return status;
    if (!report->ok() || import_.resource.dry_run()) return RolledBack();
    *applied = true;
    return Finish(tx, *report, Import::SUCCEEDED);
  }

  static absl::Status RolledBack() {
    return WithReason(absl::CancelledError("not to take effect"), "ROLLED_BACK");
  }

  absl::Status ApplyTree(mysql::Tx& tx, const std::string& content, ImportReport* report) {
    RETURN_IF_ERROR(LockTree(tx));
    NodeBook book;
    if (import_.resource.kind() == Import::DIVISIONS) {
      const std::vector<DivisionRow> rows = ParseDivisions(content, report);
      if (rows.size() > ImportReport::kMaxRows) return absl::OkStatus();
      RETURN_IF_ERROR(Report(*report, 0));
      RETURN_IF_ERROR(LoadForDivisions(tx, rows, &book));
      PlanDivisions(rows, {DayNumber(import_.as_of), DayNumber(import_.known_since)}, &book,
                    report);
    } else {
      ASSIGN_OR_RETURN(const std::vector<Amendment> amendments, ParseAmendments(content));
      report->SetTotal(amendments.size());
      if (!report->ok()) return absl::OkStatus();
      RETURN_IF_ERROR(Report(*report, 0));
      RETURN_IF_ERROR(LoadForAmendments(tx, amendments, &book));
      PlanAmendments(amendments, &book, report);
    }
    return report->ok() ? WriteNodes(tx, book.Changed(), *report) : absl::OkStatus();
  }

  // Parents before children, so that whoever reads the events one by one knows each parent.
  absl::Status WriteNodes(mysql::Tx& tx, std::vector<OrgNode> nodes, const ImportReport& report) {
    const size_t total = nodes.size();
    for (size_t at = 0; at < total; at += kNodesAtOnce) {
      const absl::Span<OrgNode> part = absl::MakeSpan(nodes).subspan(at, kNodesAtOnce);
      rpc::v1::DirectoryChange change;
      for (OrgNode& node : part) {
        ++node.version;
        node.updated = now_;
        *change.add_nodes() = node.record;
      }
      RETURN_IF_ERROR(SaveNodes(tx, part));
      RETURN_IF_ERROR(Emit(tx, "Import.APPLIED", change, ""));
      const int work = report.import().created_rows() + report.import().changed_rows();
      const auto left =
          static_cast<int>(static_cast<size_t>(work) * (total - at - part.size()) / total);
      RETURN_IF_ERROR(Report(report, report.import().total_rows() - left));
    }
    return absl::OkStatus();
  }

  absl::Status ApplyCalendars(mysql::Tx& tx, const std::string& content, ImportReport* report) {
    ASSIGN_OR_RETURN(const auto calendars, ParseCalendars(content));
    rpc::v1::DirectoryChange change;
    int rows = 0;
    for (const rpc::v1::CalendarRecord& calendar : calendars) {
      ASSIGN_OR_RETURN(const CalendarEffect effect, SaveCalendar(tx, calendar, now_));
      for (int i = 0; i < calendar.holidays_size() + calendar.workdays_size(); ++i, ++rows) {
        if (effect == CalendarEffect::kCreated) report->CountCreated();
        if (effect == CalendarEffect::kChanged) report->CountChanged();
        if (effect == CalendarEffect::kUnchanged) report->CountUnchanged();
      }
      if (effect != CalendarEffect::kUnchanged) *change.add_calendars() = calendar;
    }
    report->SetTotal(static_cast<size_t>(rows));
    if (change.calendars().empty()) return absl::OkStatus();
    return Emit(tx, "Import.APPLIED", change, "");
  }

  absl::Status Emit(mysql::Tx& tx, const char* kind, const rpc::v1::DirectoryChange& change,
                    std::string image) {
    Event event;
    event.aggregate = import_.resource.name();
    event.version = import_.version + ++events_;
    event.kind = kind;
    event.image = std::move(image);
    if (change.ByteSizeLong() > 0) event.WithPayload(change);
    return AppendEvents(tx, chassis_.keys, ids_->Next(), *ids_, now_, import_.resource.creator(),
                        {event});
  }

  // Said in a transaction of its own, or nobody would see it before the end.
  absl::Status Report(const ImportReport& report, int done_rows) {
    return reporter_.Transact({.deadline = absl::Now() + absl::Seconds(10)}, [&](mysql::Tx& tx) {
      return ReportProgress(tx, import_, report.import().total_rows(), done_rows);
    });
  }

  absl::Status Finish(mysql::Tx& tx, const ImportReport& report, Import::State state) {
    StoredImport ended = import_;
    ended.resource.MergeFrom(report.import());
    ended.resource.set_state(state);
    if (state == Import::SUCCEEDED) ended.resource.set_done_rows(report.import().total_rows());
    *ended.resource.mutable_end_time() = ToTimestamp(now_);
    ended.version = import_.version + events_ + 1;
    RETURN_IF_ERROR(EndImport(tx, ended, Import::RUNNING, now_));
    return Emit(tx, state == Import::SUCCEEDED ? "Import.SUCCEEDED" : "Import.FAILED", {},
                ended.resource.SerializeAsString());
  }

  // After the import's own transaction was rolled back.
  absl::Status End(const ImportReport& report) {
    return session_.Transact({.deadline = absl::Now() + absl::Seconds(30)}, [&](mysql::Tx& tx) {
      events_ = 0;
      now_ = chassis_.clock.Now();
      IdSource ids(now_);
      ids_ = &ids;
      return Finish(tx, report, report.ok() ? Import::SUCCEEDED : Import::FAILED);
    });
  }

  Chassis& chassis_;
  mysql::Session& session_;
  mysql::Session reporter_;
  const StoredImport import_;
  // Of the attempt:
  IdSource* ids_ = nullptr;
  absl::Time now_;
  int events_ = 0;
};

}  // namespace

absl::StatusOr<bool> RunNextImport(Chassis& chassis, mysql::Session& session) {
  std::optional<StoredImport> import;
  RETURN_IF_ERROR(session.Transact({}, [&](mysql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(import, ClaimImport(tx));
    return absl::OkStatus();
  }));
  if (!import.has_value()) return false;
  // A session of its own: the statements that the loop's would keep lie scattered among the memory
  // of a whole tree, which then could not go back to the system.
  mysql::Session own(chassis.database);
  const absl::Status status = Run(chassis, own, *std::move(import)).Execute();
  // Cancelled, or taken over by another replica: theirs to end.
  if (ReasonOf(status) == "IMPORT_LOST") return true;
  RETURN_IF_ERROR(status);
  return true;
}

}  // namespace qungong::org
