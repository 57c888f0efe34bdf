# cmake -DOUT=file.cc "-DFILES=a;b" -P embed.cmake
# Writes a C++ file that holds the files as they are and finds them by name.
set(body "")
set(table "")
set(index 0)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  string(APPEND body "asm(\".section .rodata\\n\"
    \".global qungong_asset_${index}\\n.global qungong_asset_${index}_end\\n\"
    \"qungong_asset_${index}:\\n.incbin \\\"${file}\\\"\\nqungong_asset_${index}_end:\\n.byte 0\\n\"
    \".previous\\n\");
extern \"C\" const char qungong_asset_${index}[];
extern \"C\" const char qungong_asset_${index}_end[];
")
  string(APPEND table "  if (name == \"${name}\") {
    return {qungong_asset_${index},
            static_cast<size_t>(qungong_asset_${index}_end - qungong_asset_${index})};
  }
")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUT} "// Made by gateway/embed.cmake.
#include \"gateway/assets.h\"

${body}
namespace qungong::gateway {

absl::string_view Asset(absl::string_view name) {
${table}  return {};
}

}  // namespace qungong::gateway
")
