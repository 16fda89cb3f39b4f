#include "samples.h"

#include <utility>

namespace oomkit {
namespace {

Bytes mib(std::int64_t count) {
  return Bytes(count << 20);
}

Task task(std::int64_t pid, std::string comm, std::int64_t rss, int adj, std::uint64_t line) {
  Task row;
  row.pid = pid;
  row.tgid = pid;
  row.uid = 1000;
  row.comm = std::move(comm);
  row.total_vm = Pages(rss * 3);
  row.rss = Pages(rss);
  row.swapents = Pages(0);
  row.pgtables = Bytes(rss * 16);
  row.oom_score_adj = adj;
  row.line = line;
  return row;
}

Finding finding(FindingId id, Severity severity, std::string title, std::string detail) {
  Finding found{id, severity, std::move(title), std::move(detail), {}, {}, {}};
  return found;
}

// Ranks by rss + page tables, as the rule from 5.9 on does for a scope of that size.
Ranking ranking_of(const std::vector<Task>& tasks, Pages totalpages) {
  BadnessContext context;
  context.rule = BadnessRule::v5;
  context.totalpages = totalpages;
  const auto ranking = rank_tasks(tasks, KernelVersion{6, 1, 0}, context);
  return ranking.value();
}

}  // namespace

Explanation container_sample() {
  Explanation sample;
  OomReport& report = sample.report;
  report.input = "kern.log";
  report.first_line = 1;
  report.last_line = 99;
  report.verdict = Verdict::killed;
  report.constraint = Constraint::memcg;
  report.constraint_source = ConstraintSource::stated;
  report.trigger = Trigger{};
  report.trigger->comm = "relay";
  report.trigger->pid = 4122;
  report.trigger->gfp_mask = 0x100cca;
  report.trigger->gfp_text = "GFP_HIGHUSER_MOVABLE";
  report.trigger->order = 0;
  report.trigger->oom_score_adj = -997;
  report.trigger->line = 1;
  report.complete = true;
  report.at.time = WallTime{std::chrono::microseconds(1'700'000'000'000'000), true, false};
  report.at.host = "node-17.example.org";
  report.at.kernel_release = "6.1.0-13-amd64";
  report.at.page_size = PageSize::k4K;
  MemcgReport& memcg = report.at.memcg.emplace();
  memcg.version = 2;
  memcg.oom_path =
      "/kubepods.slice/kubepods-pod5d1a7d4e_0b5f_4d0c_8f6e_2c9f6a1b3c4d.slice/"
      "cri-containerd-8f14e45fceea167a5a36dedd4bea2543f1e2d3c4b5a69788796a5b4c3d2e1f00.scope";
  memcg.task_path = memcg.oom_path;
  memcg.memory = MemcgCounter{KiB(208'204), KiB(204'800), 7470, 40};
  memcg.swap = MemcgCounter{KiB(0), KiB(0), 0, 41};
  memcg.stat.set("anon", 28'139'520);
  memcg.stat.set("file", 8192);
  memcg.stat.set("sock", 183'623'680);
  report.at.tasks = {task(4120, "relay", 6593, -997, 97)};
  report.selection = Selection{};
  report.selection->constraint_word = "CONSTRAINT_MEMCG";
  report.selection->pid = 4120;
  report.selection->comm = "relay";
  report.selection->line = 98;
  Victim victim;
  victim.pid = 4120;
  victim.comm = "relay";
  victim.uid = 1000;
  victim.total_vm = KiB(737'128);
  victim.anon_rss = KiB(26'372);
  victim.file_rss = KiB(0);
  victim.shmem_rss = KiB(0);
  victim.pgtables = KiB(176);
  victim.oom_score_adj = -997;
  victim.line = 99;
  report.victims = {victim};

  sample.verdict =
      "relay (pid 4120) was killed by the kernel: its container reached its own limit of 200.0 "
      "MiB, and 175.1 MiB of that were network socket buffers. The process itself held 25.8 MiB.";
  sample.headline = "relay (pid 4120) killed: socket buffers filled its container";
  Ledger& ledger = sample.ledger.emplace();
  ledger.total = Bytes(213'200'896);
  ledger.limit = Bytes(209'715'200);
  ledger.rows = {{"sock", "socket buffers", Bytes(183'623'680), true, "not yet taken"},
                 {"anon", "anonymous", Bytes(28'139'520), false, "private memory of processes"},
                 {"kernel", "kernel memory", Bytes(1'343'488), true, ""},
                 {"file", "file cache", Bytes(8192), false, ""},
                 {"shmem", "tmpfs and shared memory", Bytes(0), true, ""}};
  ledger.unaccounted = Bytes(86'016);
  sample.ranking = ranking_of(report.at.tasks, Pages(51'200));
  sample.predicted = 0;
  sample.predicted_agrees = true;
  CgroupIdentity owner;
  owner.owner = CgroupOwner::container;
  owner.pod_uid = "5d1a7d4e-0b5f-4d0c-8f6e-2c9f6a1b3c4d";
  owner.container_id = "8f14e45fceea167a5a36dedd4bea2543f1e2d3c4b5a69788796a5b4c3d2e1f00";
  owner.runtime = "containerd";
  owner.qos = "Guaranteed";
  sample.limit_owner = owner;
  sample.victim_owner = owner;
  sample.pod_name = "shop/relay-0";
  sample.who_asked = "relay, for one page of user memory (order 0)";
  Finding sock = finding(FindingId::socket_memory, Severity::critical,
                         "87.6 % of the limit are socket buffers",
                         "175.1 MiB of 200.0 MiB: packets that pod "
                         "5d1a7d4e-0b5f-4d0c-8f6e-2c9f6a1b3c4d received and did not read.");
  sock.numbers = {{"sock_bytes", std::int64_t{183'623'680}}, {"share_percent", 87.6}};
  sock.lines = {57};
  sock.advice = {"read the sockets sooner, or cap them (net.ipv4.tcp_rmem, SO_RCVBUF)",
                 "alert on sock in memory.stat before the limit is met"};
  Finding why = finding(FindingId::why_this_victim, Severity::info, "It was the only candidate",
                        "The only task in the container; its adj of -997 protects it from other "
                        "containers' shortages, not from its own limit.");
  why.lines = {97, 98};
  why.advice = {"alert on sock in memory.stat before the limit is met"};
  sample.findings = {sock, why};
  return sample;
}

Explanation host_sample() {
  Explanation sample;
  OomReport& report = sample.report;
  report.input = "messages";
  report.first_line = 2001;
  report.last_line = 2190;
  report.verdict = Verdict::killed;
  report.constraint = Constraint::none;
  report.constraint_source = ConstraintSource::inferred;
  report.at.uptime = std::chrono::milliseconds(86'400'125);
  report.at.kernel_release = "5.10.0-28-amd64";
  report.at.page_size = PageSize::k4K;
  report.missing = {Part::trigger, Part::stack};
  report.begins_cut = true;
  report.lines_lost = 3;
  HostMemory& memory = report.at.host_memory.emplace();
  memory.ram = Pages(1'048'576);
  memory.reserved = Pages(40'000);
  memory.swap_total = KiB(0);
  memory.swap_free = KiB(0);
  memory.counters.set("free", Pages(12'000));
  Zone dma32;
  dma32.node = 0;
  dma32.name = "DMA32";
  dma32.amounts.set("free", KiB(30'000));
  dma32.amounts.set("min", KiB(32'100));
  dma32.amounts.set("low", KiB(40'000));
  dma32.amounts.set("high", KiB(48'000));
  dma32.lowmem_reserve = {Pages(0), Pages(0), Pages(1000)};
  dma32.line = 2100;
  Zone normal = dma32;
  normal.name = "Normal";
  memory.zones = {dma32, normal};
  sample.zones = {{0, ZoneVerdict::reserved, KiB(30'000), KiB(32'100), KiB(4000), KiB(0), KiB(0),
                   std::nullopt, std::nullopt},
                  {1, ZoneVerdict::below_min, KiB(18'000), KiB(32'100), KiB(0), KiB(512), KiB(0),
                   std::nullopt, std::nullopt}};
  report.at.tasks = {task(301, "sshd", 900, -1000, 2110), task(977, "mysqld", 310'000, 0, 2111)};
  for (int i = 0; i < 40; ++i)
    report.at.tasks.push_back(
        task(5000 + i, "php-fpm", 12'000 + 10 * i, 0, 2112U + static_cast<std::uint64_t>(i)));
  Victim victim;
  victim.pid = 977;
  victim.comm = "mysqld";
  victim.anon_rss = KiB(1'239'000);
  victim.file_rss = KiB(1000);
  victim.shmem_rss = KiB(0);
  victim.line = 2190;
  victim.reaped = true;
  victim.reap_line = 2191;
  report.victims = {victim};
  sample.verdict =
      "mysqld (pid 977) was killed by the kernel: the host had used up its 3.8 GiB of RAM and "
      "has no swap. 40 php-fpm processes held 1.9 GiB together, mysqld 1.2 GiB.";
  sample.headline = "mysqld (pid 977) killed: the host was full, most of it php-fpm";
  Ledger& ledger = sample.ledger.emplace();
  ledger.whole = Ledger::Whole::host_ram;
  ledger.total = Bytes(1'008'576LL * 4096);
  ledger.rows = {{"anon", "anonymous", mib(3300), false, "heaps and stacks of processes"},
                 {"slab_unreclaimable", "unreclaimable slab", mib(300), true, ""},
                 {"free", "free", mib(47), false, ""}};
  ledger.unaccounted = ledger.total - mib(3647);
  sample.ranking = ranking_of(report.at.tasks, Pages(1'008'576));
  sample.predicted = 1;
  sample.predicted_agrees = true;
  sample.by_name = {{"php-fpm", 40, mib(1900), Bytes(0)}, {"mysqld", 1, mib(1211), Bytes(0)}};
  Finding swap = finding(FindingId::swap_absent, Severity::notice, "There is no swap",
                         "Anonymous memory could go nowhere.");
  swap.advice = {"add swap or zram of about 2 GiB"};
  swap.lines = {2099};
  Finding workers = finding(FindingId::many_workers, Severity::warning,
                            "40 php-fpm processes hold more than the victim did",
                            "Together 1.9 GiB, 50.0 % of RAM; each one alone is small.");
  workers.advice = {"lower pm.max_children from 40 to at most 20"};
  sample.findings = {workers, swap};
  return sample;
}

Explanation daemon_sample() {
  Explanation sample;
  OomReport& report = sample.report;
  report.input = "journal";
  report.first_line = report.last_line = 7;
  report.killer = Killer::systemd_oomd;
  report.verdict = Verdict::killed;
  report.at.host = "desk.example.org";
  report.at.time = WallTime{std::chrono::microseconds(1'700'000'100'000'000), true, true};
  report.killer_reason = "memory pressure for /user.slice/user-1000.slice is 65.0 % > 50.0 %";
  Victim victim;
  victim.comm = "browser";
  victim.pid = 88;
  victim.cgroup = "/user.slice/user-1000.slice/app-browser.scope";
  victim.signal = "SIGKILL";
  victim.line = 7;
  report.victims = {victim, victim};
  report.victims[1].pid = 89;
  report.complete = true;
  sample.verdict = "systemd-oomd killed the cgroup app-browser.scope with 2 processes.";
  sample.headline = "app-browser.scope killed by systemd-oomd";
  sample.findings = {finding(FindingId::userspace_kill, Severity::notice,
                             "It was systemd-oomd, not the kernel",
                             "ManagedOOMMemoryPressure=kill of user-1000.slice made it act.")};
  return sample;
}

Explanation fragment_sample() {
  Explanation sample;
  sample.report.input = "paste";
  sample.report.first_line = 3;
  sample.report.last_line = 3;
  sample.report.ends_cut = true;
  sample.report.missing = {Part::trigger, Part::task_table, Part::kill_line};
  sample.verdict = "Something ran out of memory; the log does not say who was killed.";
  sample.headline = "A report of which little is left";
  return sample;
}

const std::vector<std::string>& hostile_texts() {
  static const std::vector<std::string> kTexts = {
      "\x1b]0;owned\x07",  // Terminal title.
      "\x1b[2J",           // Clear the screen.
      "\xc2\x9b"
      "31m",                              // CSI as a C1 control.
      "<script>alert(1)</script>",        // HTML.
      "\"><img src=x onerror=alert(1)>",  // Out of an attribute.
      "]]></style><!--",                  // Out of a style sheet.
      "a|b|c",                            // A table cell of Markdown.
      "[x](javascript:alert(1))",         // A link of Markdown.
      "`${IFS}`",                         // Code.
      "two\nlines",                       // Newlines in comm.
      "car\rriage",                       //
      "right\xe2\x80\xaeleft",            // A bidirectional override.
      "zero\xe2\x80\x8bwidth",            //
      "bad\xff\xfeutf8",                  //
  };
  return kTexts;
}

// One after the other; stays, as a ledger's words do.
static const std::string& all_hostile_texts() {
  static const std::string kAll = [] {
    std::string all;
    for (const std::string& text : hostile_texts())
      all += text + " ";
    return all;
  }();
  return kAll;
}

Explanation hostile_sample() {
  Explanation sample = container_sample();
  const std::string& all = all_hostile_texts();
  sample.verdict = all;
  sample.headline = all;
  sample.who_asked = all;
  sample.report.input = "/tmp/" + all;
  sample.report.at.host = all;
  sample.report.at.kernel_release = all;
  sample.report.hardware = all;
  sample.report.panic_text = all;
  sample.report.killer_reason = all;
  sample.report.killer = Killer::earlyoom;
  sample.report.trigger->comm = all;
  sample.report.trigger->gfp_text = all;
  sample.report.at.memcg->oom_path = "/" + all;
  sample.report.at.memcg->task_path = "/" + all + "/x";
  sample.report.at.memcg->stat.set(all, 1);
  sample.limit_owner->unit = all;
  sample.limit_owner->pod_uid = all;
  sample.limit_owner->container_id = all;
  sample.victim_owner->lxc = all;
  sample.pod_name = all;
  std::int64_t pid = 1;
  for (const std::string& text : hostile_texts()) {
    sample.report.at.tasks.push_back(task(pid, text, 100 + pid, 0, 1));
    sample.by_name.push_back({text, 2, Bytes(pid), Bytes(0)});
    ++pid;
  }
  sample.report.victims.front().comm = all;
  sample.report.victims.push_back(sample.report.victims.front());
  sample.report.victims.front().cgroup = "/" + all;
  sample.ledger->rows.push_back({all, all, Bytes(4096), true, all});
  Finding evil = finding(FindingId::shmem_heavy, Severity::critical, all, all);
  evil.advice = {all};
  evil.numbers = {{all, std::int64_t{1}}};
  sample.findings.push_back(evil);
  HostMemory& memory = sample.report.at.host_memory.emplace();
  Zone zone;
  zone.name = all;
  zone.amounts.set(all, KiB(1));
  memory.zones = {zone};
  memory.unreclaimable_slab = {{all, KiB(1), KiB(1), 1}};
  memory.counters.set(all, Pages(1));
  sample.zones = {{0, ZoneVerdict::below_min, KiB(1), KiB(2), KiB(0), KiB(0), KiB(0), std::nullopt,
                   std::nullopt}};
  sample.ranking = ranking_of(sample.report.at.tasks, Pages(51'200));
  return sample;
}

Incident incident_sample() {
  Incident incident;
  incident.reports = {1, 2, 3};
  incident.title =
      "3 kills in 146 s in pod 5d1a7d4e-0b5f-4d0c-8f6e-2c9f6a1b3c4d: indexer and "
      "loader filled it, java paid first";
  incident.scope = "/kubepods.slice/kubepods-pod5d1a7d4e_0b5f_4d0c_8f6e_2c9f6a1b3c4d.slice";
  incident.host = "node-17.example.org";
  incident.duration_s = 146;
  Culprit indexer;
  indexer.comm = "indexer";
  indexer.pid = 121'604;
  indexer.growth_bytes_per_s = 43.0 * 1024 * 1024;
  indexer.first = mib(1604);
  indexer.last = mib(7692);
  indexer.seen = 3;
  indexer.killed = true;
  indexer.steps_bytes_per_s = {39.7 * 1024 * 1024, 43.0 * 1024 * 1024};
  Culprit loader = indexer;
  loader.comm = "loader";
  loader.pid = 121'483;
  loader.growth_bytes_per_s = 40.1 * 1024 * 1024;
  loader.first = mib(1560);
  loader.last = mib(3891);
  incident.culprits = {indexer, loader};
  incident.victims = {{"java", 161'175, 1, 0.0, mib(4403), false},
                      {"loader", 121'483, 2, 56.0, mib(3891), true},
                      {"indexer", 121'604, 3, 146.0, mib(7692), true}};
  incident.tracks = {
      {"indexer", 121'604, 3, {{1, 0, mib(1604)}, {2, 56, mib(3826)}, {3, 146, mib(7692)}}},
      {"java", 161'175, 1, {{1, 0, mib(4403)}}},
      {"loader", 121'483, 2, {{1, 0, mib(1560)}, {2, 56, mib(3891)}}},
      {"sidecar", 300, std::nullopt, {{1, 0, mib(40)}, {2, 56, mib(41)}, {3, 146, mib(40)}}}};
  Finding repeated =
      finding(FindingId::repeated_kills, Severity::warning, "Each kill only bought time",
              "56 s and 90 s passed until the limit was met again.");
  repeated.advice = {"bound indexer before the pod's limit does"};
  incident.findings = {repeated};
  return incident;
}

Incident hostile_incident() {
  Incident incident = incident_sample();
  std::string all;
  for (const std::string& text : hostile_texts())
    all += text + " ";
  incident.title = incident.scope = all;
  incident.host = all;
  for (Culprit& culprit : incident.culprits)
    culprit.comm = all;
  for (IncidentVictim& victim : incident.victims)
    victim.comm = all;
  for (IncidentTrack& track : incident.tracks)
    track.comm = all;
  incident.findings.front().title = incident.findings.front().detail = all;
  incident.findings.front().advice = {all};
  return incident;
}

OtherEvent other_sample() {
  OtherEvent event;
  event.kind = OtherEvent::Kind::page_alloc_failure;
  event.input = "messages";
  event.first_line = 12;
  event.last_line = 40;
  event.comm = "kworker/0:1";
  event.order = 4;
  event.gfp_mask = 0x40dc0;
  event.gfp_text = "GFP_KERNEL|__GFP_COMP|__GFP_ZERO";
  event.sentence =
      "kworker/0:1 asked for 16 pages in one piece and got none; nobody was killed for it.";
  return event;
}

OtherEvent hostile_other() {
  OtherEvent event = other_sample();
  std::string all;
  for (const std::string& text : hostile_texts())
    all += text + " ";
  event.comm = event.input = event.sentence = all;
  event.gfp_text = all;
  return event;
}

std::string rendered(const Document& document, const RenderOptions& options) {
  std::string out;
  const auto renderer = make_renderer(options, [&out](std::string_view text) { out.append(text); });
  renderer->begin();
  std::size_t index = 0;
  for (const Explanation& report : document.reports)
    renderer->report(++index, report);
  for (const OtherEvent& event : document.others)
    renderer->other(event);
  for (const Incident& incident : document.incidents)
    renderer->incident(incident);
  renderer->end(document.inputs, document.damage);
  return out;
}

}  // namespace oomkit
