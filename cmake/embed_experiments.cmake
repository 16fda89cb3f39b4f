# Writes OUTPUT, a source file with the text of FOLDER/NAME.toml for each of NAMES.
cmake_minimum_required(VERSION 3.25)
set(rows "")
foreach(name ${NAMES})
  # As it stands in the file, semicolons and brackets too: never through a list.
  file(READ "${FOLDER}/${name}.toml" text)
  string(APPEND rows "    {\"${name}\", R\"oomkit(${text})oomkit\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made from experiments/ by cmake/embed_experiments.cmake.
#include \"lab/experiment_texts.h\"

namespace oomkit {
namespace {

constexpr ExperimentText kTexts[] = {
${rows}};

}  // namespace

std::span<const ExperimentText> experiment_texts() {
  return kTexts;
}

}  // namespace oomkit
")
