#include "cli/explain_request.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

Terminal pipe_in() {
  return {};
}
Terminal interactive() {
  return {.input = true, .output = true, .columns = 120, .colour_wanted = true};
}

Result<ExplainRequest> understood(const ExplainArguments& arguments,
                                  const Terminal& terminal = pipe_in()) {
  return understand(arguments, terminal,
                    Calendar{std::chrono::hours(500'000), std::chrono::hours(500'000)});
}

std::string refusal(const ExplainArguments& arguments, const Terminal& terminal = pipe_in()) {
  const auto request = understood(arguments, terminal);
  if (request) return "(accepted)";
  EXPECT_EQ(request.error().code, ErrorCode::usage);
  return request.error().what;
}

TEST(ExplainRequestTest, NothingGivenReadsThePipe) {
  const auto request = understood({});
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->files, std::vector<std::string>{"-"});
  EXPECT_EQ(request->render.format, OutputFormat::text);
  EXPECT_EQ(request->render.columns, 100);
  EXPECT_FALSE(request->render.colour);
}

TEST(ExplainRequestTest, NothingGivenAtATerminalSaysWhatToDo) {
  const std::string sentence = refusal({}, interactive());
  EXPECT_NE(sentence.find("dmesg | oom explain"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("--journal"), std::string::npos) << sentence;
}

TEST(ExplainRequestTest, AFileAtATerminalIsRead) {
  const auto request = understood({.files = {"kern.log"}}, interactive());
  ASSERT_TRUE(request.has_value());
  EXPECT_TRUE(request->render.colour);
  EXPECT_EQ(request->render.columns, 120);
}

TEST(ExplainRequestTest, AWideTerminalIsNotFilled) {
  Terminal wide = interactive();
  wide.columns = 400;
  const auto request = understood({.files = {"kern.log"}}, wide);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->render.columns, 160);
}

TEST(ExplainRequestTest, ColourGoesByTheTerminalUnlessItIsSaid) {
  const auto colour = [](const char* word, const Terminal& terminal) {
    const auto request = understood({.files = {"a"}, .colour = word}, terminal);
    return request.has_value() && request->render.colour;
  };
  EXPECT_TRUE(colour("auto", interactive()));
  EXPECT_FALSE(colour("auto", pipe_in()));
  EXPECT_TRUE(colour("always", pipe_in()));
  EXPECT_FALSE(colour("never", interactive()));
  const auto to_file = understood({.files = {"a"}, .output = "x.txt"}, interactive());
  ASSERT_TRUE(to_file.has_value());
  EXPECT_FALSE(to_file->render.colour);
}

TEST(ExplainRequestTest, WordsThatAreNoneOfTheChoicesAreRefusedWithThem) {
  EXPECT_EQ(refusal({.format = "jsno"}),
            "--format \"jsno\": expected text, json, html or markdown; did you mean json?");
  EXPECT_NE(refusal({.colour = "blue"}).find("auto, always or never"), std::string::npos);
  EXPECT_NE(refusal({.only = "0"}).find("1 or more"), std::string::npos);
  EXPECT_NE(refusal({.only = "two"}).find("number of a report"), std::string::npos);
  EXPECT_NE(refusal({.since = "soon"}).find("--since"), std::string::npos);
}

TEST(ExplainRequestTest, ContradictionsAreRefused) {
  EXPECT_NE(refusal({.summary = true, .format = "json"}).find("--summary"), std::string::npos);
  EXPECT_NE(refusal({.files = {"a"}, .kmsg = true}).find("--kmsg"), std::string::npos);
  EXPECT_NE(refusal({.journal = true, .kmsg = true}).find("--kmsg"), std::string::npos);
  EXPECT_NE(refusal({.boot = "0"}).find("--journal"), std::string::npos);
  EXPECT_NE(refusal({.files = {"-", "a", "-"}}).find("once"), std::string::npos);
  EXPECT_NE(refusal({.since = "now", .until = "-1h"}).find("before"), std::string::npos);
}

TEST(ExplainRequestTest, TheRootLosesItsSlash) {
  EXPECT_EQ(understood({.root = "/mnt/other/"})->root, "/mnt/other");
  EXPECT_EQ(understood({})->root, "");
}

TEST(ExplainRequestTest, SummaryIsAFormOfText) {
  EXPECT_EQ(understood({.summary = true})->render.format, OutputFormat::summary);
  EXPECT_EQ(understood({.format = "html"})->render.format, OutputFormat::html);
}

}  // namespace
}  // namespace oomkit
