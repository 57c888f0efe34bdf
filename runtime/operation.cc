#include "runtime/operation.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "runtime/status.h"

namespace qungong {

using rpc::v1::AccessRule;
using rpc::v1::Role;

namespace {

// Whether the way up leads to the granted node, past the grant's line if it has one.
bool Reaches(const directory::Grant& grant, const directory::WayUp& way) {
  bool passed = grant.line.empty();
  for (const auto& [node, line] : way) {
    passed = passed || line == grant.line;
    if (node == grant.node) return passed;
  }
  return false;
}

}  // namespace

absl::Status Read::CheckMethodRole() {
  const AccessRule& rule = call_.method->options().GetExtension(rpc::v1::access);
  if (rule.roles().empty()) return absl::OkStatus();  // anonymous, or authenticated before
  ASSIGN_OR_RETURN(std::vector<directory::Grant> all,
                   directory::LoadGrants(tx_, call_.principal, call_.today));
  for (directory::Grant& grant : all) {
    if (std::find(rule.roles().begin(), rule.roles().end(), grant.role) != rule.roles().end()) {
      grants_.push_back(std::move(grant));
    }
  }
  if (!grants_.empty()) return absl::OkStatus();
  return WithChinese(
      WithReason(absl::PermissionDeniedError("the caller has no role for this method"),
                 "ROLE_MISSING"),
      "您没有办理此事的权限,请联系安全保密管理员。");
}

absl::StatusOr<std::vector<Uuid>> Read::GrantedNodes() {
  std::vector<Uuid> nodes;
  for (const directory::Grant& grant : grants_) {
    if (grant.line.empty()) {
      nodes.push_back(grant.node);
      continue;
    }
    ASSIGN_OR_RETURN(const std::vector<Uuid> departments,
                     directory::NodesOfLine(tx_, rpc::v1::ADMINISTRATIVE_TREE, grant.node,
                                            grant.line, call_.today));
    nodes.insert(nodes.end(), departments.begin(), departments.end());
  }
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

absl::StatusOr<bool> Read::MayActAt(const Uuid& node, absl::Span<const Role> roles) {
  if (grants_.empty()) return false;
  ASSIGN_OR_RETURN(const directory::WayUp way,
                   directory::LinesUpward(tx_, rpc::v1::ADMINISTRATIVE_TREE, node, call_.today));
  return HoldsOn(way, roles);
}

bool Read::HoldsOn(const directory::WayUp& way, absl::Span<const Role> roles) const {
  return std::any_of(grants_.begin(), grants_.end(), [&](const directory::Grant& grant) {
    return (roles.empty() || std::find(roles.begin(), roles.end(), grant.role) != roles.end()) &&
           Reaches(grant, way);
  });
}

absl::Status Read::Authorize(absl::Span<const Uuid> nodes, absl::string_view resource,
                             absl::Span<const Role> roles) {
  for (const Uuid& node : nodes) {
    ASSIGN_OR_RETURN(const bool may, MayActAt(node, roles));
    if (may) return absl::OkStatus();
  }
  return DeniedOrAbsent(resource);
}

std::string EtagOf(int64_t version) { return absl::StrCat("\"", version, "\""); }

absl::Status CheckEtag(absl::string_view given, int64_t version, absl::string_view resource) {
  if (given.empty() || given == EtagOf(version)) return absl::OkStatus();
  return WithChinese(
      WithReason(absl::AbortedError(absl::StrCat(resource, " has changed since it was read")),
                 "ETAG_MISMATCH", {{"resource", resource}, {"current_etag", EtagOf(version)}}),
      "内容已被他人更新,请刷新后再试。");
}

}  // namespace qungong
