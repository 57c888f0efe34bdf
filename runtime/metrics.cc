#include "runtime/metrics.h"

#include <CivetServer.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/text_serializer.h"
#include "runtime/log.h"

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
                  .Register(*registry_)) {}

void Metrics::CountCall(absl::string_view method, absl::string_view code, absl::Duration latency,
                        absl::Duration queued) {
  const std::string name(method);
  calls_.Add({{"method", name}, {"code", std::string(code)}}).Increment();
  seconds_.Add({{"method", name}}, Buckets()).Observe(absl::ToDoubleSeconds(latency));
  queued_.Add({{"method", name}}, Buckets()).Observe(absl::ToDoubleSeconds(queued));
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

// On CivetWeb, which prometheus-cpp brings: its own server of metrics cannot answer the probes.
class AdminServer::Impl {
 public:
  Impl(const std::string& address, Metrics& metrics, Check live, Check ready)
      : metrics_([&metrics] { return Text(metrics); }),
        live_([live = std::move(live)] { return Probe(live); }),
        ready_([ready = std::move(ready)] { return Probe(ready); }),
        server_(OptionsFor(address)) {
    server_.addHandler("/metrics$", metrics_);
    server_.addHandler("/livez$", live_);
    server_.addHandler("/readyz$", ready_);
  }

  int port() { return server_.getListeningPorts().at(0); }

 private:
  struct Reply {
    const char* status;
    std::string body;
  };

  class Handler : public CivetHandler {
   public:
    explicit Handler(std::function<Reply()> reply) : reply_(std::move(reply)) {}
    bool handleGet(CivetServer*, mg_connection* connection) override {
      const Reply reply = reply_();
      const std::string head =
          absl::StrCat("HTTP/1.1 ", reply.status,
                       "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
                       "Content-Length: ", reply.body.size(), "\r\nConnection: close\r\n\r\n");
      mg_write(connection, head.data(), head.size());
      mg_write(connection, reply.body.data(), reply.body.size());
      return true;
    }

   private:
    const std::function<Reply()> reply_;
  };

  // Two threads, few waiting, no kept connections: scrapers and probes come every few seconds, and
  // who holds a connection open is cut off.
  static std::vector<std::string> OptionsFor(const std::string& address) {
    return {"listening_ports",    address, "num_threads",       "2",  "connection_queue", "16",
            "request_timeout_ms", "5000",  "enable_keep_alive", "no", "max_request_size", "8192"};
  }

  static Reply Text(Metrics& metrics) {
    return {"200 OK", prometheus::TextSerializer().Serialize(metrics.registry().Collect())};
  }

  static Reply Probe(const Check& check) {
    const absl::Status status = check();
    if (status.ok()) return {"200 OK", "ok\n"};
    return {"503 Service Unavailable", absl::StrCat(status.message(), "\n")};
  }

  Handler metrics_;
  Handler live_;
  Handler ready_;
  CivetServer server_;  // ends first: its threads use the handlers
};

AdminServer::AdminServer(const std::string& address, Metrics& metrics, Check live, Check ready) {
  try {
    impl_ = std::make_unique<Impl>(address, metrics, std::move(live), std::move(ready));
  } catch (const CivetException& e) {
    log::Line(log::Severity::kError, "cannot listen")
        .Set("admin_listen", address)
        .Set("cause", e.what());
    std::_Exit(1);
  }
}

AdminServer::~AdminServer() = default;

int AdminServer::port() const { return impl_->port(); }

}  // namespace qungong
