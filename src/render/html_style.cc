// Colours carry meaning: blues are memory of processes, warm tones memory that is in no
// process, green is free, grey hatching is what nobody explains. Each pair of neighbours
// differs in lightness too, for those who see colours differently and for grey printers.
#include "render/html_style.h"

namespace oomkit {

// One text: a style sheet cut into functions would say less.
std::string_view html_style() {  // NOLINT(readability-function-size)
  return R"css(
:root{color-scheme:light dark;
--page:#f6f6f4;--card:#fff;--ink:#1d2126;--soft:#5d6672;--line:#e2e3e6;--faint:#f1f2f4;
--critical:#b3261e;--warning:#8a5a00;--notice:#2a5b9c;--victim:#fdf0ee;
--p1:#2b6cb0;--p2:#63a0d9;--p3:#a6c8e8;--w1:#c2503a;--w2:#e08a3c;--w3:#e3b34c;--w4:#a4527a;--w5:#6f5aa8;
--free:#8fb996;--rest:#9aa1aa;--on:#fff;
--t1:#2b6cb0;--t2:#c2503a;--t3:#2f855a;--t4:#8a5a9e;--t5:#b7791f;--t6:#0f8b8d;--t7:#7b6f5e;--t8:#d0578a}
@media (prefers-color-scheme:dark){:root{
--page:#14161a;--card:#1c1f24;--ink:#e6e8eb;--soft:#a0a8b3;--line:#333941;--faint:#24282e;
--critical:#ff8a7d;--warning:#f0b95a;--notice:#8ab8f2;--victim:#372322;
--p1:#4f93d8;--p2:#7fb5e8;--p3:#b3d3f2;--w1:#e0705a;--w2:#eda05c;--w3:#ecc671;--w4:#cc7ba3;--w5:#9c88d4;
--free:#7fae88;--rest:#7d858f;--on:#14161a;
--t1:#6aaeee;--t2:#f08a75;--t3:#68c08f;--t4:#c59ad8;--t5:#e5b258;--t6:#55c4c6;--t7:#b9ab97;--t8:#ef8fb6}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",Cantarell,"Liberation Sans",sans-serif}
main{max-width:64rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.35rem;line-height:1.3;margin:.5rem 0 1.25rem}
h2{font-size:1.3rem;line-height:1.3;margin:0 0 .75rem}
h3{font-size:1rem;margin:2rem 0 .6rem}
p{margin:.5rem 0}
article,section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;
padding:1.5rem 1.6rem;margin:0 0 1.5rem}
a{color:var(--notice)}
.lead{font-size:1.08rem;max-width:46rem}
.circumstances{color:var(--soft);font-size:.9rem;margin:.9rem 0 0;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;
padding:0;list-style:none}
.soft{color:var(--soft);font-size:.9rem}
figure{margin:0}.timeline{overflow-x:auto}.timeline svg{min-width:42rem}
details{margin:.6rem 0 0}summary{cursor:pointer;color:var(--soft);font-size:.9rem}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;fill:var(--ink)}
svg .on{fill:#1d2126}svg .on-dark{fill:var(--on)}
svg .tick{fill:var(--soft);font-size:12px}
svg .halo{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th{font-weight:500;color:var(--soft);text-align:left;font-size:.84rem;white-space:nowrap}
th,td{padding:.32rem 1rem .32rem 0;border-bottom:1px solid var(--line);vertical-align:baseline}
th:last-child,td:last-child{padding-right:0}
.n{text-align:right;white-space:nowrap}
td.name{overflow-wrap:anywhere;min-width:7rem}
tr.whole td{border-bottom:0;border-top:2px solid var(--line);font-weight:600}
tr.victim td{background:var(--victim)}
tr.victim td.name,.bad{color:var(--critical);font-weight:600}
tr.exempt td{color:var(--soft)}
td.bar{width:30%;min-width:7rem}
td.bar svg{height:.8rem}
.key{display:inline-block;width:.75em;height:.75em;border-radius:.18em;margin-right:.55em;vertical-align:-.03em}
.keys{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-size:.84rem;color:var(--soft);margin:.6rem 0 0;padding:0;list-style:none}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.45rem 1.4rem;margin:1.75rem 0 0}
dt{font-weight:600}
dd{margin:0;overflow-wrap:anywhere}
.findings{list-style:none;margin:0;padding:0}
.findings li{border-left:3px solid var(--line);padding:.05rem 0 .05rem .9rem;margin:0 0 .9rem}
.findings .critical{border-color:var(--critical)}.findings .warning{border-color:var(--warning)}
.findings .notice{border-color:var(--notice)}
.findings p{margin:.15rem 0}.findings .title{font-weight:600}
.mark{font-size:.74rem;font-weight:600;letter-spacing:.02em;margin-left:.5rem;white-space:nowrap}
.mark.critical{color:var(--critical)}.mark.warning{color:var(--warning)}.mark.notice{color:var(--notice)}
.advice{margin:0;padding-left:1.2rem}.advice li{margin:.3rem 0;overflow-wrap:anywhere}
.state{color:var(--soft);font-size:.86rem;border-top:1px solid var(--line);margin:1.75rem 0 0;padding-top:.8rem;overflow-wrap:anywhere}
.state.incomplete b{color:var(--warning)}
footer{color:var(--soft);font-size:.86rem;overflow-wrap:anywhere}
.f-p1{fill:var(--p1);background:var(--p1)}.f-p2{fill:var(--p2);background:var(--p2)}.f-p3{fill:var(--p3);background:var(--p3)}
.f-w1{fill:var(--w1);background:var(--w1)}.f-w2{fill:var(--w2);background:var(--w2)}.f-w3{fill:var(--w3);background:var(--w3)}
.f-w4{fill:var(--w4);background:var(--w4)}.f-w5{fill:var(--w5);background:var(--w5)}.f-free{fill:var(--free);background:var(--free)}
.f-rest{fill:var(--rest);background:repeating-linear-gradient(45deg,var(--rest) 0 2px,transparent 2px 4px)}
.f-track{fill:var(--faint)}
.off{opacity:.35}
.axis{stroke:var(--line);stroke-width:1}
.limit{stroke:var(--critical);stroke-width:2}
.kill{stroke:var(--critical);stroke-width:1;stroke-dasharray:4 4;opacity:.7}
.cross{stroke:var(--critical);stroke-width:2.5;fill:none}
.curve{fill:none;stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}
.s1{stroke:var(--t1)}.s2{stroke:var(--t2)}.s3{stroke:var(--t3)}.s4{stroke:var(--t4)}
.s5{stroke:var(--t5)}.s6{stroke:var(--t6)}.s7{stroke:var(--t7)}.s8{stroke:var(--t8)}
svg .l1,.d1{fill:var(--t1)}svg .l2,.d2{fill:var(--t2)}svg .l3,.d3{fill:var(--t3)}svg .l4,.d4{fill:var(--t4)}
svg .l5,.d5{fill:var(--t5)}svg .l6,.d6{fill:var(--t6)}svg .l7,.d7{fill:var(--t7)}svg .l8,.d8{fill:var(--t8)}
@media (max-width:40rem){article,section{padding:1.1rem 1rem}dl{grid-template-columns:1fr;gap:.1rem}dd{margin-bottom:.7rem}
.wide,.ledger text{display:none}}
@media print{:root{--page:#fff;--card:#fff}body{font-size:11pt}main{max-width:none;padding:0}
article,section{border:0;padding:0;break-inside:auto}h2,h3{break-after:avoid}figure,tr,.findings li{break-inside:avoid}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";
}

}  // namespace oomkit
