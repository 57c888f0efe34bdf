// What the bench found: a table for people, and every figure as JSON.
#ifndef QUNGONG_TESTS_LOAD_REPORT_H_
#define QUNGONG_TESTS_LOAD_REPORT_H_

#include <map>
#include <string>
#include <vector>

#include "tests/load/slice.h"

namespace qungong::load {

// One way to do one thing with so many clients, in several slices.
struct Cell {
  std::string operation;  // "submit", "echo"
  int clients = 0;
  std::string path;  // "floor", "grpc", "gateway"
  std::vector<Slice> slices;
  double round_trips = 0;  // to the database for each call, as the service counts; 0: not counted

  double rate() const;  // the median of the slices
  double percentile(double p) const;
  int64_t calls() const;
  int64_t errors() const;
  std::map<std::string, double> cpu_us() const;  // for each call, by process
};

class Report {
 public:
  void Add(Cell cell) { cells_.push_back(std::move(cell)); }
  const Cell* Find(const std::string& operation, int clients, const std::string& path) const;
  // How many times the rate of one path is that of another, as the median of the ratios of slices
  // that ran one after the other; 0 if either is absent.
  double Ratio(const std::string& operation, int clients, const std::string& path,
               const std::string& to) const;
  std::string Table() const;
  std::string Targets() const;  // a line each: what was to be reached, and what was
  std::string Json() const;
  int64_t errors() const;
  std::string first_error() const;
  // Figures that should be there and are not: a cell without a call.
  std::string Missing() const;

 private:
  std::vector<Cell> cells_;
};

}  // namespace qungong::load

#endif  // QUNGONG_TESTS_LOAD_REPORT_H_
