// What a user sees, byte for byte. OOMKIT_GOLDEN_UPDATE=1 writes the files anew: read the
// difference before it is kept.
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "samples.h"
#include "tests/support/golden_file.h"

namespace oomkit {
namespace {

struct GoldenCase {
  const char* name;  // Of the test, and of the file.
  const char* file;
  RenderOptions options;
};

void PrintTo(const GoldenCase& c, std::ostream* out) {
  *out << c.file;
}

RenderOptions format(OutputFormat format, int columns = 100) {
  RenderOptions options;
  options.format = format;
  options.columns = columns;
  return options;
}
RenderOptions coloured() {
  RenderOptions options = format(OutputFormat::text);
  options.colour = true;
  return options;
}
RenderOptions redacted(OutputFormat wanted) {
  RenderOptions options = format(wanted);
  options.redact = true;
  return options;
}

Document everything() {
  Document document;
  document.reports = {container_sample(), host_sample(), daemon_sample(), fragment_sample()};
  document.incidents = {incident_sample()};
  document.others = {other_sample()};
  document.inputs = {{"kern.log", 20'480, 240}, {"/home/alice/messages", 1'048'576, 9000}};
  document.damage.add(Damage::lines_lost, 3);
  document.damage.add(Damage::wrapped_rejoined, 12);
  return document;
}

class Golden : public testing::TestWithParam<GoldenCase> {};

TEST_P(Golden, IsWhatTheFileShows) {
  expect_golden(std::string(OOMKIT_SOURCE_DIR "/tests/golden/expected/") + GetParam().file,
                rendered(everything(), GetParam().options));
}

INSTANTIATE_TEST_SUITE_P(
    Render, Golden,
    testing::Values(GoldenCase{"Text80", "text-80.txt", format(OutputFormat::text, 80)},
                    GoldenCase{"Text100", "text-100.txt", format(OutputFormat::text)},
                    GoldenCase{"Text160", "text-160.txt", format(OutputFormat::text, 160)},
                    GoldenCase{"TextColour", "text-colour.txt", coloured()},
                    GoldenCase{"TextRedacted", "text-redacted.txt", redacted(OutputFormat::text)},
                    GoldenCase{"Summary", "summary.txt", format(OutputFormat::summary)},
                    GoldenCase{"Json", "report.json", format(OutputFormat::json)},
                    GoldenCase{"JsonRedacted", "redacted.json", redacted(OutputFormat::json)},
                    GoldenCase{"Markdown", "report.md", format(OutputFormat::markdown)},
                    GoldenCase{"Html", "report.html", format(OutputFormat::html)}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace oomkit
