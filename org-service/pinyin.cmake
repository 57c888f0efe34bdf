# cmake -DOUT=file.cc -DUNIHAN=Unihan_Readings.txt.bz2 -DBZIP2=bzip2 -DPLACES=pinyin.csv -P pinyin.cmake
# Writes a C++ file that holds, as text, the common reading of every character and how names of places are read.
set(plain ${OUT}.txt)
execute_process(COMMAND ${BZIP2} -dc ${UNIHAN} OUTPUT_FILE ${plain} COMMAND_ERROR_IS_FATAL ANY)
file(STRINGS ${plain} lines ENCODING UTF-8 REGEX "\tkMandarin\t")
file(REMOVE ${plain})
list(LENGTH lines count)
if(count LESS 20000)
  message(FATAL_ERROR "${UNIHAN} has ${count} lines with kMandarin")
endif()
list(TRANSFORM lines REPLACE "^U\\+([0-9A-F]+)\tkMandarin\t([^ ]+).*" "\\1 \\2")
list(JOIN lines "\n" readings)
file(READ ${PLACES} places)
file(WRITE ${OUT} "// Made by org-service/pinyin.cmake.
#include \"absl/strings/string_view.h\"
namespace qungong::org {
absl::string_view CommonReadings();
absl::string_view PlaceReadings();
absl::string_view CommonReadings() { return R\"~~(${readings})~~\"; }
absl::string_view PlaceReadings() { return R\"~~(${places})~~\"; }
}  // namespace qungong::org
")
