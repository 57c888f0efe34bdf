#include "runtime/metrics.h"

#include <utility>

#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"

namespace qungong {
namespace {

// From a cached point select to the longest deadline, in seconds.
const prometheus::Histogram::BucketBoundaries& Buckets() {
  static const auto& buckets = *new prometheus::Histogram::BucketBoundaries{
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
  return buckets;
}

}  // namespace

Metrics::Metrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      calls_(prometheus::BuildCounter()
                 .Name("qungong_calls_total")
                 .Help("Finished calls.")
                 .Register(*registry_)),
      seconds_(prometheus::BuildHistogram()
                   .Name("qungong_call_seconds")
                   .Help("Time from arrival to the reply.")
                   .Register(*registry_)),
      queued_(prometheus::BuildHistogram()
                  .Name("qungong_call_queued_seconds")
                  .Help("Part of that spent waiting for a worker.")
                  .Register(*registry_)),
      statements_(prometheus::BuildCounter()
                      .Name("qungong_call_statements_total")
                      .Help("Round trips to the database.")
                      .Register(*registry_)) {}

void Metrics::CountCall(absl::string_view method, absl::string_view code, absl::Duration latency,
                        absl::Duration queued) {
  const std::string name(method);
  calls_.Add({{"method", name}, {"code", std::string(code)}}).Increment();
  seconds_.Add({{"method", name}}, Buckets()).Observe(absl::ToDoubleSeconds(latency));
  queued_.Add({{"method", name}}, Buckets()).Observe(absl::ToDoubleSeconds(queued));
}

void Metrics::CountStatements(absl::string_view method, int64_t statements) {
  statements_.Add({{"method", std::string(method)}}).Increment(static_cast<double>(statements));
}

void Metrics::Add(absl::string_view counter, double amount) {
  absl::MutexLock lock(&mutex_);
  prometheus::Counter*& found = counters_[std::string(counter)];
  if (found == nullptr) {
    found = &prometheus::BuildCounter().Name(std::string(counter)).Register(*registry_).Add({});
  }
  found->Increment(amount);
}

void Metrics::Set(absl::string_view gauge, double value) {
  absl::MutexLock lock(&mutex_);
  prometheus::Gauge*& found = gauges_[std::string(gauge)];
  if (found == nullptr)
    found = &prometheus::BuildGauge().Name(std::string(gauge)).Register(*registry_).Add({});
  found->Set(value);
}

}  // namespace qungong
