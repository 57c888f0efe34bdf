// Prometheus metrics of every process, served with /livez and /readyz on the admin listener.
#ifndef QUNGONG_RUNTIME_METRICS_H_
#define QUNGONG_RUNTIME_METRICS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "prometheus/registry.h"

namespace qungong {

// Thread-safe.
class Metrics {
 public:
  Metrics();
  prometheus::Registry& registry() { return *registry_; }

  // One finished call: qungong_calls_total{method,code} and qungong_call_seconds{method}.
  void CountCall(absl::string_view method, absl::string_view code, absl::Duration latency,
                 absl::Duration queued);
  // Statements that a call has sent to the database: qungong_call_statements_total{method}.
  void CountStatements(absl::string_view method, int64_t statements);
  // A named counter or gauge without labels, made on first use.
  void Add(absl::string_view counter, double amount = 1);
  void Set(absl::string_view gauge, double value);

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& calls_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Family<prometheus::Histogram>& queued_;
  prometheus::Family<prometheus::Counter>& statements_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, prometheus::Counter*> counters_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, prometheus::Gauge*> gauges_ ABSL_GUARDED_BY(mutex_);
};

// The admin listener: GET /metrics, /livez, /readyz and, where there is one, /checkpoint (the
// newest signed end of the chain of events). Never reachable from outside the cluster.
class AdminServer {
 public:
  using Check = std::function<absl::Status()>;
  // `address` is host:port; port 0 picks one. If it cannot listen, the process ends with one line.
  AdminServer(const std::string& address, Metrics& metrics, Check live, Check ready,
              std::function<std::string()> checkpoint = nullptr);
  ~AdminServer();
  int port() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_METRICS_H_
