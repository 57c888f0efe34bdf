// Routes of the public API, made from the google.api.http annotations of the linked descriptors.
// Pure.
#ifndef QUNGONG_GATEWAY_ROUTE_TABLE_H_
#define QUNGONG_GATEWAY_ROUTE_TABLE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/http_template.h"
#include "google/api/http.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "qungong/rpc/v1/options.pb.h"

namespace qungong::gateway {

using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// One HTTP binding of one RPC.
struct Route {
  enum class Kind {
    kUnary,
    kServerStream,  // answered as server-sent events
    kUpload,        // the body's bytes become a client stream
  };
  Kind kind = Kind::kUnary;
  std::string http_method;  // "POST"
  std::string pattern;      // "/v1/{name=tickets/*}:accept"
  std::string rpc_path;     // "/qungong.ticket.v1.TicketService/AcceptTicket"
  const google::protobuf::MethodDescriptor* method = nullptr;
  rpc::v1::AccessRule access;
  HttpTemplate path;
  std::vector<FieldPath> variables;  // same order as path.variables, below `bound`

  // What path and query fill: the request, or the metadata message of an upload.
  const google::protobuf::Descriptor* bound = nullptr;
  bool whole_body = false;                                        // body: "*"
  const google::protobuf::FieldDescriptor* body_field = nullptr;  // body: "field"
  // kUpload: the two halves of `oneof payload`.
  const google::protobuf::FieldDescriptor* upload_metadata = nullptr;
  const google::protobuf::FieldDescriptor* upload_chunk = nullptr;

  const google::protobuf::Message* request_prototype = nullptr;
  const google::protobuf::Message* response_prototype = nullptr;
};

struct Match {
  const Route* route;
  std::vector<std::string> values;  // decoded, one for each variable
};

// Built at start, then only read: thread-safe.
class RouteTable {
 public:
  RouteTable();
  ~RouteTable();
  RouteTable(RouteTable&&) noexcept;

  // Adds every method with an HTTP rule that is not internal. Refuses: an unknown service, a method
  // without an access rule, a duplicate route, a path field that is missing, repeated or not a
  // scalar, a missing body field, client streaming other than an upload, messages that JSON cannot
  // carry. After an error the table must not be used.
  absl::Status AddService(const std::string& full_name);

  // NOT_FOUND ROUTE_NOT_FOUND; UNIMPLEMENTED METHOD_NOT_ALLOWED with the metadata `allow`, such as
  // "GET, POST"; INVALID_ARGUMENT PATH_MALFORMED for a bad escape.
  absl::StatusOr<Match> Lookup(absl::string_view http_method, absl::string_view path) const;

  // All routes, in the order in which they were added.
  absl::Span<const std::unique_ptr<Route>> routes() const { return routes_; }

 private:
  struct Node;
  using Visitor = absl::FunctionRef<bool(const std::vector<const Route*>&)>;
  using Segments = absl::Span<const absl::string_view>;

  absl::Status AddMethod(const google::protobuf::MethodDescriptor& method);
  absl::Status AddRule(const Route& common, const google::api::HttpRule& rule);
  absl::Status Insert(std::unique_ptr<Route> route);
  static bool Visit(const Node& node, Segments rest, absl::string_view verb, Visitor visitor);
  static bool VisitSuffix(const Node& node, Segments rest, absl::string_view verb, Visitor visitor);
  static bool VisitEnds(const Node& node, absl::string_view verb, Visitor visitor);
  const Route* Find(absl::string_view http_method, Segments segments, absl::string_view verb,
                    std::vector<std::string>* allowed) const;

  std::unique_ptr<Node> root_;
  absl::flat_hash_set<std::string> verbs_;
  std::vector<std::unique_ptr<Route>> routes_;
};

// Finds "ticket.name" in `type`; every field but the last is a single message. Accepts
// lowerCamelCase too.
absl::StatusOr<FieldPath> ResolveFieldPath(const google::protobuf::Descriptor& type,
                                           absl::string_view dotted);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_ROUTE_TABLE_H_
