// Plans of reorganizations, written short.
#ifndef QUNGONG_TESTS_SUPPORT_ORG_REORGANIZE_H_
#define QUNGONG_TESTS_SUPPORT_ORG_REORGANIZE_H_

#include <string>

#include "absl/time/civil_time.h"
#include "qungong/org/v1/reorganization_service.grpc.pb.h"
#include "runtime/civil.h"

namespace qungong::org {

class Plan {
 public:
  explicit Plan(absl::CivilDay day) {
    *plan_.mutable_effective_date() = ToDate(day);
    plan_.set_document("渝府〔2015〕38号");
  }

  Plan& Create(const std::string& label, const std::string& parent, v1::Division::Kind kind,
               const std::string& display_name, const std::string& code = "") {
    auto& step = *plan_.add_steps()->mutable_create();
    step.set_label(label);
    step.set_parent(parent);
    step.set_kind(kind);
    step.set_display_name(display_name);
    step.set_code(code);
    return *this;
  }
  Plan& Rename(const std::string& name, const std::string& display_name) {
    auto& step = *plan_.add_steps()->mutable_rename();
    step.set_name(name);
    step.set_display_name(display_name);
    return *this;
  }
  Plan& Recode(const std::string& name, const std::string& display_name, const std::string& code) {
    Rename(name, display_name);
    plan_.mutable_steps(plan_.steps_size() - 1)->mutable_rename()->set_code(code);
    return *this;
  }
  Plan& Move(const std::string& name, const std::string& parent) {
    auto& step = *plan_.add_steps()->mutable_move();
    step.set_name(name);
    step.set_parent(parent);
    return *this;
  }
  Plan& Dissolve(const std::string& name, const std::string& successor, bool pass_children) {
    auto& step = *plan_.add_steps()->mutable_dissolve();
    step.set_name(name);
    step.set_successor(successor);
    step.set_pass_children(pass_children);
    return *this;
  }

  v1::ReorganizeTreeRequest By(const std::string& unit) const {
    v1::ReorganizeTreeRequest request;
    request.set_unit(unit);
    *request.mutable_plan() = plan_;
    return request;
  }
  v1::PreviewReorganizationRequest PreviewBy(const std::string& unit) const {
    v1::PreviewReorganizationRequest request;
    request.set_unit(unit);
    *request.mutable_plan() = plan_;
    return request;
  }

 private:
  v1::ReorganizationPlan plan_;
};

}  // namespace qungong::org

#endif  // QUNGONG_TESTS_SUPPORT_ORG_REORGANIZE_H_
