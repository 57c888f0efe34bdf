// What people type when they copy a code from paper, a screen or a call.
#ifndef QUNGONG_RUNTIME_TYPED_CODE_H_
#define QUNGONG_RUNTIME_TYPED_CODE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace qungong {

// The code without spaces, hyphens and dashes of any kind, its full-width letters and digits (as
// Chinese input methods make them) turned into ASCII, in upper case. Everything else stays, so that
// the reader of the code refuses it.
std::string FoldTypedCode(absl::string_view typed);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_TYPED_CODE_H_
