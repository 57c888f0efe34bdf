// The trees by the plainest means: one whole map a day, changed by hand. The oracle for random
// reorganizations whose days never go back.
#ifndef QUNGONG_TESTS_SUPPORT_ORG_TREE_MODEL_H_
#define QUNGONG_TESTS_SUPPORT_ORG_TREE_MODEL_H_

#include <map>
#include <string>
#include <vector>

#include "qungong/org/v1/reorganization_service.pb.h"

namespace qungong::org {

// A division, unit or service center as it is on one day.
struct ModelNode {
  std::string parent;
  std::string label;
  int level = 0;
  bool governs = false;  // stands one level below its parent
  std::string division;  // of a unit or service center
  std::string unit;      // of a service center
  bool held = false;     // by somebody's right: it cannot end
  int changed = 0;       // the last day on which a name or a parent began
};
using Snapshot = std::map<std::string, ModelNode>;  // by resource name

// Does the steps of a plan to a snapshot on a day. False, and half done, if one cannot be done.
// What is created is called divisions/{label}, units/{label} and serviceCenters/{label}.
bool DoNaively(const v1::ReorganizationPlan& plan, int day, Snapshot& tree);

// Puts the names of a reply for those that labels made.
void NameCreated(const v1::Reorganization& done, Snapshot& tree);

// The node of a collection that governs or serves a division; "" if none does.
std::string ServantOf(const Snapshot& tree, const std::string& collection,
                      const std::string& division);
std::vector<std::string> ChildrenOf(const Snapshot& tree, const std::string& parent);

}  // namespace qungong::org

#endif  // QUNGONG_TESTS_SUPPORT_ORG_TREE_MODEL_H_
