#include "tests/load/report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace qungong::load {
namespace {

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

template <typename F>
double MedianOf(const std::vector<Slice>& slices, F figure) {
  std::vector<double> values;
  for (const Slice& slice : slices) values.push_back(figure(slice));
  return Median(std::move(values));
}

// What a path is held against.
const char* BaseOf(const Cell& cell) { return cell.operation == "echo" ? "grpc" : "floor"; }

}  // namespace

double Cell::rate() const {
  return MedianOf(slices, [](const Slice& s) { return s.rate(); });
}

double Cell::percentile(double p) const {
  return MedianOf(slices, [p](const Slice& s) { return s.percentile(p); });
}

int64_t Cell::calls() const {
  int64_t sum = 0;
  for (const Slice& slice : slices) sum += static_cast<int64_t>(slice.latencies.size());
  return sum;
}

int64_t Cell::errors() const {
  int64_t sum = 0;
  for (const Slice& slice : slices) sum += slice.errors;
  return sum;
}

std::map<std::string, double> Cell::cpu_us() const {
  std::map<std::string, double> sums;
  for (const Slice& slice : slices) {
    for (const auto& [process, seconds] : slice.cpu) sums[process] += seconds * 1e6;
  }
  for (auto& [process, us] : sums) us /= std::max<double>(1, static_cast<double>(calls()));
  return sums;
}

const Cell* Report::Find(const std::string& operation, int clients, const std::string& path) const {
  for (const Cell& cell : cells_) {
    if (cell.operation == operation && cell.clients == clients && cell.path == path) return &cell;
  }
  return nullptr;
}

double Report::Ratio(const std::string& operation, int clients, const std::string& path,
                     const std::string& to) const {
  const Cell* a = Find(operation, clients, path);
  const Cell* b = Find(operation, clients, to);
  if (a == nullptr || b == nullptr) return 0;
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(a->slices.size(), b->slices.size()); ++i) {
    if (b->slices[i].rate() > 0) ratios.push_back(a->slices[i].rate() / b->slices[i].rate());
  }
  return Median(std::move(ratios));
}

std::string Report::Table() const {
  std::string table =
      absl::StrFormat("%-10s %7s %-8s %9s %7s %8s %8s %6s  %s\n", "OPERATION", "CLIENTS", "PATH",
                      "CALLS/S", "RATIO", "P50 MS", "P99 MS", "TRIPS", "CPU US A CALL");
  for (const Cell& cell : cells_) {
    const char* base = BaseOf(cell);
    std::string cpu;
    for (const auto& [process, us] : cell.cpu_us()) {
      if (us >= 1) absl::StrAppendFormat(&cpu, " %s %.0f", process, us);
    }
    const std::string trips = cell.round_trips > 0 ? absl::StrFormat("%.1f", cell.round_trips) : "";
    absl::StrAppendFormat(&table, "%-10s %7d %-8s %9.0f %7.2f %8.3f %8.3f %6s %s\n", cell.operation,
                          cell.clients, cell.path, cell.rate(),
                          Ratio(cell.operation, cell.clients, cell.path, base), cell.percentile(50),
                          cell.percentile(99), trips, cpu);
    if (cell.errors() > 0) absl::StrAppendFormat(&table, "  %d calls failed\n", cell.errors());
  }
  return table;
}

std::string Report::Targets() const {
  std::string text;
  const auto line = [&text](const char* what, double found, bool reached) {
    absl::StrAppendFormat(&text, "%-8s %-66s %6.2f\n", reached ? "reached" : "MISSED", what, found);
  };
  const auto ratio = [&](const char* what, const char* operation, const char* path, const char* to,
                         double least) {
    for (const int clients : {1, 16, 64}) {
      const double found = Ratio(operation, clients, path, to);
      if (found == 0) continue;
      if (absl::string_view(operation) == "echo" && clients != 16) continue;
      line(absl::StrFormat("%s, %d clients, at least %.2f", what, clients, least).c_str(), found,
           found >= least);
    }
  };
  if (const Cell* cell = Find("submit", 1, "grpc"); cell != nullptr)
    line("round trips of a submit, at most 8", cell->round_trips, cell->round_trips <= 8.05);
  ratio("submit by gRPC to its floor", "submit", "grpc", "floor", 0.7);
  ratio("submit through the gateway to its floor", "submit", "gateway", "floor", 0.5);
  ratio("get through the gateway to its floor", "get", "gateway", "floor", 0.35);
  ratio("echo through the gateway to direct gRPC", "echo", "gateway", "grpc", 0.35);
  const Cell* direct = Find("echo", 1, "grpc");
  const Cell* through = Find("echo", 1, "gateway");
  if (direct != nullptr && through != nullptr) {
    const double added = through->percentile(50) - direct->percentile(50);
    line("ms that the gateway adds at one connection, at most 0.25", added, added <= 0.25);
  }
  return text;
}

std::string Report::Json() const {
  google::protobuf::Struct root;
  google::protobuf::ListValue& list = *(*root.mutable_fields())["cells"].mutable_list_value();
  for (const Cell& cell : cells_) {
    auto& fields = *list.add_values()->mutable_struct_value()->mutable_fields();
    const char* base = BaseOf(cell);
    fields["operation"].set_string_value(cell.operation);
    fields["path"].set_string_value(cell.path);
    fields["clients"].set_number_value(cell.clients);
    fields["callsPerSecond"].set_number_value(cell.rate());
    fields["ratio"].set_number_value(Ratio(cell.operation, cell.clients, cell.path, base));
    fields["ratioTo"].set_string_value(base);
    fields["p50Ms"].set_number_value(cell.percentile(50));
    fields["p99Ms"].set_number_value(cell.percentile(99));
    fields["calls"].set_number_value(static_cast<double>(cell.calls()));
    fields["errors"].set_number_value(static_cast<double>(cell.errors()));
    if (cell.round_trips > 0) fields["roundTrips"].set_number_value(cell.round_trips);
    auto& cpu = *fields["cpuUsPerCall"].mutable_struct_value()->mutable_fields();
    for (const auto& [process, us] : cell.cpu_us()) cpu[process].set_number_value(us);
    for (const Slice& slice : cell.slices)
      fields["slices"].mutable_list_value()->add_values()->set_number_value(slice.rate());
  }
  const Cell* direct = Find("echo", 1, "grpc");
  const Cell* through = Find("echo", 1, "gateway");
  if (direct != nullptr && through != nullptr) {
    (*root.mutable_fields())["gatewayAddsMs"].set_number_value(through->percentile(50) -
                                                               direct->percentile(50));
  }
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(root, &json, options);
  return json;
}

int64_t Report::errors() const {
  int64_t sum = 0;
  for (const Cell& cell : cells_) sum += cell.errors();
  return sum;
}

std::string Report::first_error() const {
  for (const Cell& cell : cells_) {
    for (const Slice& slice : cell.slices) {
      if (!slice.error.empty()) {
        return absl::StrCat(cell.operation, " ", cell.path, " with ", cell.clients,
                            " clients: ", slice.error);
      }
    }
  }
  return "";
}

std::string Report::Missing() const {
  for (const Cell& cell : cells_) {
    if (cell.calls() == 0)
      return absl::StrCat(cell.operation, " ", cell.path, " with ", cell.clients, " clients");
  }
  return cells_.empty() ? "everything" : "";
}

}  // namespace qungong::load
