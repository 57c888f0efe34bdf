// Path templates, routes, JSON and the binding of requests, on a service of every shape.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gateway/http_template.h"
#include "gateway/json_codec.h"
#include "gateway/json_scanner.h"
#include "gateway/route_table.h"
#include "gateway/transcoder.h"
#include "google/protobuf/util/json_util.h"
#include "qungong/echo/v1/echo_service.pb.h"
#include "tests/fuzz/fuzz.h"

namespace qungong::fuzz {
namespace {

using echo::v1::Item;
using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageToJsonString;

const gateway::RouteTable& Routes() {
  static const auto* const routes = [] {
    auto* table = new gateway::RouteTable();
    PROMISE(table->AddService("qungong.echo.v1.EchoService").ok());
    return table;
  }();
  return *routes;
}

}  // namespace

void HttpTemplate(absl::string_view data) {
  const auto parsed = gateway::ParseHttpTemplate(data);
  if (parsed.ok()) {
    PROMISE(absl::StartsWith(data, "/"));
    for (const gateway::TemplateVariable& variable : parsed->variables) {
      PROMISE(!variable.field_path.empty());
      PROMISE(variable.begin <= variable.end && variable.end <= parsed->segments.size());
    }
  }
  for (const char* method : {"GET", "POST"}) {
    const auto match = Routes().Lookup(method, data);
    PROMISE(!match.ok() || match->values.size() == match->route->variables.size());
  }
}

// What we accept protobuf reads alike; what we print both read back.
void Json(absl::string_view data) {
  const bool scanned = gateway::ScanJson(data).ok();
  Item item;
  if (!gateway::ParseJson(data, &item).ok()) return;
  PROMISE(scanned);
  Item theirs;
  PROMISE(JsonStringToMessage(std::string(data), &theirs).ok());
  PROMISE(theirs.SerializeAsString() == item.SerializeAsString());
  const std::string printed = gateway::PrintJson(item);
  Item again;
  PROMISE(gateway::ParseJson(printed, &again).ok());
  PROMISE(again.SerializeAsString() == item.SerializeAsString());
  Item also;
  PROMISE(JsonStringToMessage(printed, &also).ok());
  PROMISE(also.SerializeAsString() == item.SerializeAsString());
}

// "METHOD target\nbody".
void Transcoder(absl::string_view data) {
  const std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(data, absl::MaxSplits('\n', 1));
  const std::pair<absl::string_view, absl::string_view> line =
      absl::StrSplit(halves.first, absl::MaxSplits(' ', 1));
  const std::pair<absl::string_view, absl::string_view> target =
      absl::StrSplit(line.second, absl::MaxSplits('?', 1));
  const auto match = Routes().Lookup(line.first, target.first);
  if (!match.ok()) return;
  const std::unique_ptr<google::protobuf::Message> request(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(match->route->bound)
          ->New());
  const gateway::HttpInput input{target.second, "application/json", halves.second};
  if (!gateway::BindRequest(*match, input, request.get()).ok()) return;
  PROMISE(gateway::ScanJson(gateway::PrintJson(*request)).ok());
}

}  // namespace qungong::fuzz
