#include "bench/quiet_log.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace oomkit::bench {
namespace {

struct Message {
  int weight;
  std::string_view ident;  // "%d" and friends are filled in as in `text`.
  std::string_view text;
};

// %d small number, %n large number, %p port or pid, %i address, %x 12 hex digits, %b 43
// characters of base64, %w word, %u user, %s service, %f decimal number, %t path.
constexpr std::array kMessages = std::to_array<Message>({
    {30, "sshd[%p]", "Accepted publickey for %u from %i port %p ssh2: RSA SHA256:%b"},
    {12, "sshd[%p]", "Failed password for invalid user %u from %i port %p ssh2"},
    {12, "sshd[%p]", "pam_unix(sshd:session): session opened for user %u(uid=%d) by (uid=0)"},
    {10, "sshd[%p]", "Connection closed by authenticating user root %i port %p [preauth]"},
    {25, "CRON[%p]", "(root) CMD (   cd / && run-parts --report /etc/cron.hourly/%w)"},
    {10, "CRON[%p]", "pam_unix(cron:session): session closed for user root"},
    {20, "systemd[1]", "Started %s.service - %w %w daemon."},
    {14, "systemd[1]", "%s.service: Deactivated successfully."},
    {8, "systemd[1]",
     "%s.service: Consumed %d.%dmin CPU time, %n.0M memory peak, 0B memory swap peak."},
    {3, "systemd[1]", "%s.service: Main process exited, code=killed, status=15/TERM"},
    {2, "systemd[1]", "%s.service: Killing process %p (%w) with signal SIGKILL."},
    {1, "systemd[1]", "%s.service: Failed with result 'exit-code'."},
    {12, "systemd-logind[%p]", "New session %n of user %u."},
    {6, "systemd-resolved[%p]", "Clock change detected. Flushing caches."},
    {4, "systemd-networkd[%p]", "eth%d: DHCPv4 address %i/24 via %i"},
    {10, "kernel",
     "[%n.%n] audit: type=1400 audit(%n.%d:%n): apparmor=\"DENIED\" "
     "operation=\"open\" profile=\"%w\" name=\"/proc/%p/%w\" pid=%p comm=\"%w\""},
    {9, "kernel",
     "[%n.%n] [UFW BLOCK] IN=eth0 OUT= MAC=%x%x SRC=%i DST=%i LEN=%d TOS=0x00 "
     "PREC=0x00 TTL=%d ID=%p PROTO=TCP SPT=%p DPT=%p WINDOW=%p RES=0x00 SYN URGP=0"},
    {4, "kernel", "[%n.%n] veth%x: entered promiscuous mode"},
    {4, "kernel", "[%n.%n] docker0: port %d(veth%x) entered forwarding state"},
    {3, "kernel",
     "[%n.%n] EXT4-fs (sda%d): mounted filesystem with ordered data mode. Quota mode: none."},
    {2, "kernel",
     "[%n.%n] TCP: request_sock_TCP: Possible SYN flooding on port %p. Sending cookies."},
    {2, "kernel",
     "[%n.%n] perf: interrupt took too long (%n > %n), lowering kernel.perf_event_max_sample_rate "
     "to %n"},
    {1, "kernel",
     "[%n.%n] %w[%p]: segfault at %d ip 00007f%x sp 00007ffd%x error 4 in lib%w.so.6[7f%x+%d000]"},
    {40, "nginx",
     "%i - - \"GET /%t?id=%n&page=%d HTTP/1.1\" 200 %n \"https://www.%w.example/%t\" "
     "\"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/%d.0.0.0 Safari/537.36\""},
    {8, "nginx",
     "%i - %u \"POST /api/v2/%w/%n HTTP/2.0\" 404 %n \"-\" \"curl/7.%d.0\" rt=0.%d uct=\"0.%d\""},
    {10, "postgres[%p]",
     "[%d-1] %u@%w LOG:  duration: %n.%d ms  statement: SELECT * FROM %w WHERE id = %n"},
    {4, "postgres[%p]",
     "[%d-1] LOG:  checkpoint complete: wrote %n buffers (%d.%d%%); write=%d.%d s, sync=0.0%d s"},
    {14, "kubelet[%p]",
     "I%d %d:%d:%d.%n    %p kubelet.go:%n] \"SyncLoop (PLEG): event for pod\" "
     "pod=\"%w/%s-%x\" "
     "event={\"ID\":\"%x-%d\",\"Type\":\"ContainerStarted\",\"Data\":\"%x%x%x%x\"}"},
    {8, "kubelet[%p]",
     "E%d %d:%d:%d.%n    %p prober.go:%n] \"Probe failed\" probeType=\"Readiness\" "
     "pod=\"%w/%s-%x\" containerName=\"%s\" probeResult=failure output=\"HTTP probe failed with "
     "statuscode: 503\""},
    {12, "containerd[%p]",
     "time=\"2026-03-%dT%d:%d:%d.%nZ\" level=info msg=\"StopPodSandbox for \\\"%x%x%x%x\\\" "
     "returns successfully\""},
    {9, "dockerd[%p]",
     "time=\"2026-03-%dT%d:%d:%d.%nZ\" level=warning msg=\"cleaning up after shim disconnected\" "
     "id=%x%x%x%x namespace=moby"},
    {10, "java[%p]",
     "%d-%d INFO  [http-nio-8080-exec-%d] com.%w.%w.Controller - user %u joined room %n, zoom "
     "level %d"},
    {6, "java[%p]", "\tat com.%w.%w.%w.process(%w.java:%d) ~[%w-%d.%d.jar:na]"},
    {3, "java[%p]",
     "%d-%d WARN  [pool-%d] com.%w.Cache - evicting %n entries, heap %n MB used of %n MB, memory "
     "pressure normal"},
    {5, "postfix/smtpd[%p]", "connect from %w.%w.example[%i]"},
    {5, "postfix/qmgr[%p]", "%x: from=<%u@%w.example>, size=%n, nrcpt=%d (queue active)"},
    {4, "dovecot",
     "imap-login: Login: user=<%u>, method=PLAIN, rip=%i, lip=%i, mpid=%p, TLS, session=<%b>"},
    {6, "named[%p]", "client @0x7f%x %i#%p (%w.%w.example): query: %w.%w.example IN A +E(0)K (%i)"},
    {5, "haproxy[%p]",
     "%i:%p [%d/Mar/2026:%d:%d:%d.%d] fe_%w~ be_%w/%s %d/0/%d/%d/%d 200 %n - - ---- %d/%d/0/0/0 "
     "0/0 \"GET /%t HTTP/1.1\""},
    {5, "dhclient[%p]", "DHCPREQUEST for %i on eth0 to %i port 67"},
    {3, "sudo",
     "%u : TTY=pts/%d ; PWD=/home/%u ; USER=root ; COMMAND=/usr/bin/systemctl restart %s"},
    {3, "rsyslogd", "-- MARK --"},
    {2, "smartd[%p]",
     "Device: /dev/sd%w [SAT], SMART Usage Attribute: 194 Temperature_Celsius changed from %d to "
     "%d"},
    {2, "redis[%p]", "%n:M * %n changes in 60 seconds. Saving..."},
    {2, "redis[%p]", "%n:C * Fork CoW for RDB: current %d MB, peak %d MB, average %d MB"},
    {2, "ntpd[%p]", "Soliciting pool server %i"},
});

constexpr std::array<std::string_view, 24> kWords = {
    "alpha",  "billing",  "cache",    "delta",   "export",  "frontend", "gateway", "history",
    "ingest", "journal",  "keyring",  "ledger",  "metrics", "network",  "orders",  "payment",
    "queue",  "registry", "schedule", "tracker", "users",   "volume",   "worker",  "xenon"};
constexpr std::array<std::string_view, 10> kUsers = {"root",  "admin", "deploy", "ubuntu", "backup",
                                                     "alice", "bob",   "carol",  "www",    "git"};
constexpr std::array<std::string_view, 6> kHosts = {
    "web-17", "db-3.example.net", "node-a41", "gateway", "doom", "build09"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

template <std::size_t N>
std::string_view pick(Random& random, const std::array<std::string_view, N>& choices) {
  return choices[random.next() % N];
}

void append_characters(std::string& out, Random& random, std::string_view alphabet, int count) {
  for (int i = 0; i < count; ++i)
    out += alphabet[random.next() % alphabet.size()];
}

void append_number(std::string& out, Random& random, std::uint64_t below) {
  out += std::to_string(random.next() % below);
}

void append_filled(std::string& out, Random& random, char what) {
  switch (what) {
    case 'd':
      return append_number(out, random, 60);
    case 'n':
      return append_number(out, random, 1'000'000);
    case 'p':
      return append_number(out, random, 65'536);
    case 'i':
      for (int i = 0; i < 4; ++i) {
        if (i != 0) out += '.';
        append_number(out, random, 256);
      }
      return;
    case 'x':
      return append_characters(out, random, "0123456789abcdef", 12);
    case 'b':
      return append_characters(
          out, random, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 43);
    case 'u':
      out += pick(random, kUsers);
      return;
    case 's':
      out += pick(random, kWords);
      out += '-';
      out += pick(random, kWords);
      return;
    case 't':
      out += pick(random, kWords);
      out += '/';
      out += pick(random, kWords);
      return;
    case '%':
      out += '%';
      return;
    default:
      out += pick(random, kWords);
  }
}

void append_pattern(std::string& out, Random& random, std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%' && i + 1 < pattern.size()) {
      append_filled(out, random, pattern[++i]);
    } else {
      out += pattern[i];
    }
  }
}

const Message& choose_message(Random& random) {
  static const int total = [] {
    int sum = 0;
    for (const Message& message : kMessages)
      sum += message.weight;
    return sum;
  }();
  auto drawn = static_cast<int>(random.next() % static_cast<std::uint64_t>(total));
  for (const Message& message : kMessages) {
    drawn -= message.weight;
    if (drawn < 0) return message;
  }
  return kMessages.front();
}

}  // namespace

void append_syslog_head(std::string& out, std::uint64_t second, std::string_view host) {
  std::array<char, 32> stamp{};
  const int length = std::snprintf(
      stamp.data(), stamp.size(), "%s %2u %02u:%02u:%02u ",
      kMonths[(second / (28 * 86400)) % 12].data(), static_cast<unsigned>(second / 86400 % 28 + 1),
      static_cast<unsigned>(second / 3600 % 24), static_cast<unsigned>(second / 60 % 60),
      static_cast<unsigned>(second % 60));
  out.append(stamp.data(), static_cast<std::size_t>(length));
  out += host;
  out += ' ';
}

void QuietLog::append_line(std::string& out) {
  if (random_.chance(20)) ++second_;
  append_syslog_head(out, second_, pick(random_, kHosts));
  const Message& message = choose_message(random_);
  append_pattern(out, random_, message.ident);
  out += ": ";
  append_pattern(out, random_, message.text);
  out += '\n';
}

}  // namespace oomkit::bench
