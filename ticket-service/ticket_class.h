// Names of classes: ticketClasses/{code}, codes of two, four or six digits, each level beginning
// with the one above.
#ifndef QUNGONG_TICKET_SERVICE_TICKET_CLASS_H_
#define QUNGONG_TICKET_SERVICE_TICKET_CLASS_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace qungong::ticket {

inline constexpr absl::string_view kTicketClassPrefix = "ticketClasses/";

inline std::string ClassName(absl::string_view code) {
  return absl::StrCat(kTicketClassPrefix, code);
}

// The code of a name; "" if it is not the name of a class.
inline std::string ClassCode(absl::string_view name) {
  if (!absl::ConsumePrefix(&name, kTicketClassPrefix)) return "";
  const bool digits = name.find_first_not_of("0123456789") == absl::string_view::npos;
  return digits && (name.size() == 2 || name.size() == 4 || name.size() == 6) ? std::string(name)
                                                                              : "";
}

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_TICKET_CLASS_H_
