#include "lab/kernel_image.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/text.h"
#include "io/machine.h"
#include "io/process_environment.h"
#include "model/kernel_version.h"
#include "scenario/scenario.h"

namespace oomkit {
namespace {

constexpr std::size_t kKernelsMax = 1000;
constexpr std::size_t kReleaseMax = 256;
constexpr const char* kFetch = "./dev kernels fetches four of them";

// Documentation/arch/x86/boot.rst: the setup header begins at 0x1f1; all in it is little
// endian.
constexpr std::size_t kBootFlag = 0x1fe;        // 0xaa55
constexpr std::size_t kHeaderMagic = 0x202;     // "HdrS"
constexpr std::size_t kVersionPointer = 0x20e;  // Less 0x200; 0: none.
constexpr std::size_t kSetupBytes = 0x200;

std::size_t little_endian(std::string_view bytes, std::size_t offset) {
  return static_cast<unsigned char>(bytes[offset]) |
         static_cast<std::size_t>(static_cast<unsigned char>(bytes[offset + 1])) << 8;
}

Result<KernelImage> look_at(std::string label, std::string path, std::string modules_folder) {
  OOMKIT_TRY(const std::string head, read_beginning(path, kImageHeadBytes));
  Result<std::string> release = release_of_image(head);
  if (!release) return fail(release.error().code, path + ": " + release.error().what);
  if (modules_folder.empty()) modules_folder = "/lib/modules/" + *release;
  if (!is_folder(modules_folder)) modules_folder.clear();
  return KernelImage{std::move(label), std::move(path), *std::move(release),
                     std::move(modules_folder)};
}

Result<KernelImage> find_host_kernel() {
  const std::string release = kernel_release();
  const std::string places[] = {"/boot/vmlinuz-" + release, "/lib/modules/" + release + "/vmlinuz"};
  for (const std::string& place : places) {
    if (!is_file(place)) continue;
    Result<KernelImage> image = look_at("host", place, "/lib/modules/" + release);
    if (image || image.error().code != ErrorCode::denied) return image;
    return fail(ErrorCode::denied, image.error().what + "; make it readable (sudo chmod a+r " +
                                       place + "), or take a fetched kernel: " + kFetch);
  }
  return fail(ErrorCode::unsupported, "the image of the running kernel, " + release +
                                          ", is not here: neither " + places[0] + " nor " +
                                          places[1] +
                                          " is a file; install its package, or take a fetched "
                                          "kernel: " +
                                          kFetch);
}

Result<KernelImage> find_by_path(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  const std::string beside = path.substr(0, slash + 1) + "modules";
  return look_at(path.substr(slash + 1), path, is_folder(beside) ? beside : "");
}

std::optional<std::string> release_of_fetched(const std::string& name) {
  const auto text = read_whole(kernels_folder() + "/" + name + "/release", kReleaseMax);
  if (!text) return std::nullopt;
  return std::string(trim_right(*text));
}

std::string list_text(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

std::string kernels_folder() {
  if (const auto chosen = environment_variable("OOMKIT_KERNELS"); chosen && !chosen->empty())
    return *chosen;
  return cache_folder().value_or(".cache/oomkit") + "/kernels";
}

std::vector<std::string> fetched_kernels() {
  const std::string folder = kernels_folder() + "/";
  std::vector<std::pair<KernelVersion, std::string>> found;
  for (std::string& name : folder_names(kernels_folder(), kKernelsMax)) {
    const auto version = parse_kernel_version(name);
    std::string image = folder;
    if (version && is_file(image.append(name).append("/vmlinuz")))
      found.emplace_back(*version, std::move(name));
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  names.reserve(found.size());
  for (auto& [version, name] : found)
    names.push_back(std::move(name));
  return names;
}

Result<std::string> release_of_image(std::string_view first_bytes) {
  if (first_bytes.size() < kVersionPointer + 2 || little_endian(first_bytes, kBootFlag) != 0xaa55 ||
      first_bytes.substr(kHeaderMagic, 4) != "HdrS") {
    return fail(ErrorCode::malformed,
                "is no Linux kernel image for x86 (no \"HdrS\" at byte 514); vmlinuz is wanted, "
                "not vmlinux or a disk image");
  }
  const std::size_t begin = little_endian(first_bytes, kVersionPointer) + kSetupBytes;
  const std::string_view text =
      first_bytes.substr(std::min(begin, first_bytes.size()), kReleaseMax);
  const std::string_view release = text.substr(0, text.find_first_of(std::string_view(" \0", 2)));
  if (!parse_kernel_version(release))
    return fail(ErrorCode::malformed, "is a kernel image that does not tell its version");
  return std::string(release);
}

Result<KernelImage> find_kernel(const std::string& word) {
  if (word == "host") return find_host_kernel();
  if (word.find('/') != std::string::npos) return find_by_path(word);
  const std::vector<std::string> names = fetched_kernels();
  std::string chosen;
  for (const std::string& name : names) {
    if (name == word) chosen = name;
  }
  for (auto name = names.rbegin(); name != names.rend() && chosen.empty(); ++name) {
    const auto release = release_of_fetched(*name);
    if (release && (*release == word || is_kernel(word, *release))) chosen = *name;
  }
  const std::string folder = kernels_folder();
  if (!chosen.empty())
    return look_at(chosen, folder + "/" + chosen + "/vmlinuz", folder + "/" + chosen + "/modules");
  if (is_file(word)) {
    return fail(ErrorCode::usage,
                "no kernel is called " + word + "; to take the file of that name, write ./" + word);
  }
  return fail(ErrorCode::unsupported,
              "no kernel " + word + " in " + folder +
                  (names.empty() ? ", where there is none at all; " + std::string(kFetch)
                                 : "; there are " + list_text(names) + ", and " + kFetch));
}

}  // namespace oomkit
