#include "klog/repair_mail.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

struct Lines final : WholeLineSink {
  void on_whole_line(std::string_view text, std::uint64_t) override { texts.emplace_back(text); }
  std::vector<std::string> texts;
};

std::vector<std::string> repair(const std::vector<std::string>& input) {
  Lines lines;
  MailRepair mail(lines);
  std::uint64_t number = 0;
  for (const std::string& line : input)
    mail.line(line, ++number);
  mail.flush();
  return lines.texts;
}

using Texts = std::vector<std::string>;

TEST(MailRepair, AQuotedPrintableTextIsUndone) {
  EXPECT_EQ(repair({"[  100.000001] java invoked oom-killer: gfp_mask=3D0x201da, order=3D0, oom_=",
                    "score_adj=3D0", "[  100.000002] java cpuset=3D/ mems_allowed=3D0=20\r"}),
            (Texts{"[  100.000001] java invoked oom-killer: gfp_mask=0x201da, order=0, "
                   "oom_score_adj=0",
                   "[  100.000002] java cpuset=/ mems_allowed=0 "}));
}

TEST(MailRepair, ABreakRightBeforeTheFirstEscapeIsSeenByTheNextLine) {
  EXPECT_EQ(repair({"[  100.000001] kworker/u8:1 invoked oom-killer: gfp_mask=", "=3D0x201da"}),
            (Texts{"[  100.000001] kworker/u8:1 invoked oom-killer: gfp_mask=0x201da"}));
}

TEST(MailRepair, AHeaderTellsBeforeAnyBreak) {
  EXPECT_EQ(repair({"Content-Transfer-Encoding: quoted-printable", "", "order=3D0",
                    "Content-Transfer-Encoding: 8bit", "order=3D0"}),
            (Texts{"Content-Transfer-Encoding: quoted-printable", "", "order=0",
                   "Content-Transfer-Encoding: 8bit", "order=3D0"}));
}

TEST(MailRepair, ALineThatEndsInEqualsIsNoMail) {
  const Texts log = {"[  100.000001] [  123]     0   123  100  10  0  0  0 name=",
                     "[  100.000002] java invoked oom-killer: gfp_mask=0x201da, order=0",
                     "a=", "b"};
  EXPECT_EQ(repair(log), log);
}

TEST(MailRepair, APlainEqualsEndsTheMail) {
  EXPECT_EQ(repair({"gfp_mask=3D0x20=", "1da", "order=0, oom_score_adj=0", "order=3D0"}),
            (Texts{"gfp_mask=0x201da", "order=0, oom_score_adj=0", "order=3D0"}));
}

TEST(MailRepair, ABreakWithoutEndHoldsNoMoreThanALongLine) {
  Lines lines;
  MailRepair mail(lines);
  mail.line("a=3D=", 1);
  for (std::uint64_t number = 2; number < 10000; ++number)
    mail.line("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=", number);
  mail.flush();
  for (const std::string& text : lines.texts)
    EXPECT_LE(text.size(), std::size_t{17} << 10);
}

}  // namespace
}  // namespace oomkit
