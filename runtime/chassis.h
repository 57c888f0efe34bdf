// What every service stands on, made once by ServiceMain (server.h) and handed to its parts by
// reference.
#ifndef QUNGONG_RUNTIME_CHASSIS_H_
#define QUNGONG_RUNTIME_CHASSIS_H_

#include <atomic>
#include <string>

#include "runtime/clock.h"
#include "runtime/keys.h"
#include "runtime/loops.h"
#include "runtime/metrics.h"
#include "runtime/mysql.h"
#include "runtime/page.h"
#include "runtime/token.h"
#include "runtime/workers.h"

namespace qungong {

struct Chassis {
  std::string service;  // "ticket-service"
  const Clock& clock;
  const mysql::Options& database;
  const KeyRing& keys;
  const PageCodec& pages;
  TokenVerifier& tokens;
  Metrics& metrics;
  Workers& workers;
  Loops& loops;
  const std::atomic<bool>& draining;  // the process begins to stop: open streams end
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_CHASSIS_H_
