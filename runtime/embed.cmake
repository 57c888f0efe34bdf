# cmake -DOUT=file.cc -DPREFIX=org -DFUNCTION=OrgMigrations -DFILES="a.sql;b.sql" -P embed.cmake
# Writes a C++ file that holds the migrations as text.
set(body "")
foreach(file IN LISTS FILES)
  get_filename_component(stem ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND body "    {\"${PREFIX}/${stem}\", R\"~~sql(${text})~~sql\"},\n")
endforeach()
if(body)
  set(table "  static const Migration kMigrations[] = {\n${body}  };\n  return kMigrations;\n")
else()
  set(table "  return {};\n")
endif()
file(WRITE ${OUT} "// Made by runtime/embed.cmake.
#include \"runtime/migrate.h\"
namespace qungong {
absl::Span<const Migration> ${FUNCTION}();
absl::Span<const Migration> ${FUNCTION}() {
${table}}
}  // namespace qungong
")
