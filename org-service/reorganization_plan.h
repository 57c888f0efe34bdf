// What the steps of a reorganization make of the book. Pure.
#ifndef QUNGONG_ORG_SERVICE_REORGANIZATION_PLAN_H_
#define QUNGONG_ORG_SERVICE_REORGANIZATION_PLAN_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "org-service/import_load.h"
#include "org-service/node_book.h"
#include "org-service/tree_change.h"
#include "qungong/org/v1/reorganization_service.pb.h"
#include "runtime/ids.h"

namespace qungong::org {

// What the steps name by resource names, each once with the first step that does.
struct PlanNames {
  struct Name {
    std::string name;
    int step = 0;
  };
  std::vector<Name> names;
  NamedNodes to_load;
};
// INVALID_ARGUMENT INVALID_FIELD if a step says nothing, or a name is none.
absl::StatusOr<PlanNames> NamesIn(const v1::ReorganizationPlan& plan);

// Adds to an error which step it is about.
absl::Status AtStep(absl::Status status, int step);

// Done step by step, on a book that holds what the steps name and what is around it.
class PlanRun {
 public:
  using NewId = std::function<Uuid()>;
  struct CodeConflict {
    int step;
    absl::Status error;
  };

  PlanRun(const v1::ReorganizationPlan& plan, int32_t day, NewId new_id, NodeBook& book)
      : plan_(plan), day_(day), new_id_(std::move(new_id)), book_(book), change_(day, book) {}

  // Says which step an error is about. After an error the book is to be undone, or not written.
  absl::Status Do(int number);
  // Codes that the steps gave though another division bears them at that time, by step: a code may
  // pass from one to another within the plan, in any order.
  std::vector<CodeConflict> CodeConflicts() const;
  // What the step is to end, in the order in which it does; nothing of one that ends nothing.
  std::vector<std::string> EndingsOf(int number) const;
  // In the order of the steps.
  const std::vector<v1::Reorganization::Created>& created() const { return created_; }

 private:
  absl::Status Create(const v1::ReorganizationStep::Create& step, int number);
  absl::Status Rename(const v1::ReorganizationStep::Rename& step, int number);
  absl::Status Move(const v1::ReorganizationStep::Move& step, int number);
  absl::Status Dissolve(const v1::ReorganizationStep::Dissolve& step, int number);
  // The node of a name or of what a label made.
  absl::StatusOr<const NodeRecord*> Find(absl::string_view name, absl::string_view field,
                                         int number) const;
  std::string Resolve(absl::string_view name) const;

  struct GivenCode {
    int step;
    std::string division;
    std::string code;
  };
  const v1::ReorganizationPlan& plan_;
  const int32_t day_;
  const NewId new_id_;
  NodeBook& book_;
  TreeChange change_;
  std::vector<v1::Reorganization::Created> created_;
  std::vector<GivenCode> codes_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_REORGANIZATION_PLAN_H_
