#include "org-service/grant_rules.h"

#include "runtime/status.h"

namespace qungong::org {

using rpc::v1::Role;

bool IsAdministrator(Role role) {
  return role == rpc::v1::SYSTEM_ADMINISTRATOR || role == rpc::v1::SECURITY_ADMINISTRATOR ||
         role == rpc::v1::AUDIT_ADMINISTRATOR;
}

absl::Status CheckRoleForAccount(Role role, v1::Account::Kind kind) {
  if ((role == rpc::v1::SERVICE) == (kind == v1::Account::SERVICE)) return absl::OkStatus();
  return WithChinese(WithReason(absl::FailedPreconditionError(
                                    "the role SERVICE, and only it, is for service accounts"),
                                "ROLE_NOT_FOR_ACCOUNT"),
                     "服务账号只能授予服务角色,个人账号不能授予服务角色。");
}

absl::Status CheckAgainstHeld(const HeldRole& asked, absl::Span<const HeldRole> held) {
  for (const HeldRole& other : held) {
    if (!asked.days.Overlaps(other.days)) continue;
    if (IsAdministrator(asked.role) && IsAdministrator(other.role) && asked.role != other.role) {
      return WithChinese(
          WithReason(absl::FailedPreconditionError("the three administrators exclude one another"),
                     "SEPARATION_OF_ADMINISTRATORS", {{"held", rpc::v1::Role_Name(other.role)}}),
          "系统管理员、安全保密管理员、安全审计员不能由同一人担任。");
    }
    const bool same = asked.role == other.role && asked.account == other.account &&
                      asked.node == other.node && asked.line == other.line;
    if (same) {
      return WithChinese(WithReason(absl::FailedPreconditionError(
                                        "the account has this grant on one of these days"),
                                    "GRANT_OVERLAPS"),
                         "该账号在此期间已有相同授权。");
    }
  }
  return absl::OkStatus();
}

}  // namespace qungong::org
