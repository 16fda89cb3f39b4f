#include "kernel/cgroup_identity.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

// Ids made up for the tests.
#define ID "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define UID "1a2b3c4d-0001-4002-8003-00aabbccddee"
#define UID_SYSTEMD "1a2b3c4d_0001_4002_8003_00aabbccddee"

struct PathRow {
  const char* name;
  const char* path;
  CgroupOwner owner;
  const char* text;  // owner_text()
};

void PrintTo(const PathRow& row, std::ostream* out) {
  *out << row.path;
}

class CgroupPath : public testing::TestWithParam<PathRow> {};

TEST_P(CgroupPath, NamesItsOwner) {
  const CgroupIdentity identity = identify_cgroup(GetParam().path, std::nullopt);
  EXPECT_EQ(identity.owner, GetParam().owner);
  EXPECT_EQ(owner_text(identity, GetParam().path), GetParam().text);
}

constexpr PathRow kPaths[] = {
    {"Root", "/", CgroupOwner::root, "the whole host"},
    {"AllPods", "/kubepods.slice", CgroupOwner::kubepods, "all pods of the node"},
    {"AllPodsCgroupfs", "/kubepods", CgroupOwner::kubepods, "all pods of the node"},
    {"QosSlice", "/kubepods.slice/kubepods-besteffort.slice", CgroupOwner::qos_class,
     "all BestEffort pods of the node"},
    {"PodCgroupfs", "/kubepods/burstable/pod" UID, CgroupOwner::pod, "pod " UID},
    {"PodSystemd",
     "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_SYSTEMD ".slice",
     CgroupOwner::pod, "pod " UID},
    {"ContainerCgroupfs", "/kubepods/besteffort/pod" UID "/" ID, CgroupOwner::container,
     "container 0f1e2d3c4b5a of pod " UID},
    {"ContainerContainerd",
     "/kubepods.slice/kubepods-pod" UID_SYSTEMD ".slice/cri-containerd-" ID ".scope",
     CgroupOwner::container, "container 0f1e2d3c4b5a (containerd) of pod " UID},
    {"ContainerCrio",
     "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_SYSTEMD ".slice/crio-" ID
     ".scope",
     CgroupOwner::container, "container 0f1e2d3c4b5a (cri-o) of pod " UID},
    {"ContainerDockerShim", "/kubepods.slice/kubepods-pod" UID_SYSTEMD ".slice/docker-" ID ".scope",
     CgroupOwner::container, "container 0f1e2d3c4b5a (docker) of pod " UID},
    {"NestedKubelet",
     "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
     "kubelet-kubepods-besteffort-pod" UID_SYSTEMD ".slice/cri-containerd-" ID ".scope",
     CgroupOwner::container, "container 0f1e2d3c4b5a (containerd) of pod " UID},
    {"NestedCgroupfs", "/kubelet/kubepods/burstable/pod" UID "/" ID, CgroupOwner::container,
     "container 0f1e2d3c4b5a of pod " UID},
    {"DriversMixed",
     "/system.slice/containerd.service/kubepods-burstable-pod" UID_SYSTEMD
     ".slice:cri-containerd:" ID,
     CgroupOwner::container, "container 0f1e2d3c4b5a (containerd) of pod " UID},
    {"BelowAContainer", "/kubepods/burstable/pod" UID "/" ID "/system.slice/cron.service",
     CgroupOwner::container, "container 0f1e2d3c4b5a of pod " UID},
    {"Docker", "/docker/" ID, CgroupOwner::docker, "container 0f1e2d3c4b5a (docker)"},
    {"DockerSystemd", "/system.slice/docker-" ID ".scope", CgroupOwner::docker,
     "container 0f1e2d3c4b5a (docker)"},
    {"Podman", "/machine.slice/libpod-" ID ".scope/container", CgroupOwner::container,
     "container 0f1e2d3c4b5a (podman)"},
    {"Lxc", "/lxc/web7", CgroupOwner::lxc, "LXC guest web7"},
    {"LxcPayload", "/lxc.payload.mail/system.slice/postfix.service", CgroupOwner::lxc,
     "LXC guest mail, unit postfix.service"},
    {"LxcNumbered", "/LXC0042", CgroupOwner::lxc, "LXC guest LXC0042"},
    {"DockerInLxc", "/lxc/204/ns/system.slice/docker-" ID ".scope", CgroupOwner::docker,
     "container 0f1e2d3c4b5a (docker) in LXC guest 204"},
    {"Unit", "/system.slice/mariadb.service", CgroupOwner::systemd_unit, "unit mariadb.service"},
    {"TemplateUnit", "/system.slice/system-postgresql.slice/postgresql@15-main.service",
     CgroupOwner::systemd_unit, "unit postgresql@15-main.service"},
    {"BelowAUnit", "/system.slice/php-fpm.service/pool-www", CgroupOwner::systemd_unit,
     "unit php-fpm.service"},
    {"Slice", "/system.slice", CgroupOwner::systemd_slice, "slice system.slice"},
    {"Session", "/user.slice/user-1000.slice/session-2.scope", CgroupOwner::user_session,
     "session-2.scope of user 1000"},
    {"DesktopApp",
     "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-firefox-1234.scope",
     CgroupOwner::user_session, "app-gnome-firefox-1234.scope of user 1000"},
    {"Ecs", "/ecs/3f2e1d0c9b8a7f6e5d4c3b2a19080706/" ID, CgroupOwner::container,
     "container 0f1e2d3c4b5a of ECS task 3f2e1d0c9b8a7f6e5d4c3b2a19080706"},
    {"OomRun", "/user.slice/oomkit-run-4711-2", CgroupOwner::oom_run,
     "the command's cgroup (oom run 4711)"},
    {"NotOomRun", "/oomkit-run-4711-", CgroupOwner::other, "cgroup /oomkit-run-4711-"},
    {"Slurm", "/slurm/uid_1000/job_42/step_0", CgroupOwner::batch_job,
     "Slurm job 42 step 0 of user 1000"},
    {"OwnMaking", "/build/limits", CgroupOwner::other, "cgroup /build/limits"},
    {"NotAPod", "/podium", CgroupOwner::other, "cgroup /podium"},
    {"NotAContainer", "/system.slice/docker-proxy.scope", CgroupOwner::systemd_unit,
     "unit docker-proxy.scope"},
};
INSTANTIATE_TEST_SUITE_P(Cgroup, CgroupPath, testing::ValuesIn(kPaths),
                         [](const auto& test) { return test.param.name; });

TEST(CgroupIdentityTest, ThePathTellsTheQosClass) {
  const auto qos = [](const char* path) { return identify_cgroup(path, std::nullopt).qos; };
  EXPECT_EQ(qos("/kubepods/pod" UID), "Guaranteed");
  EXPECT_EQ(qos("/kubepods/burstable/pod" UID "/" ID), "Burstable");
  EXPECT_EQ(
      qos("/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_SYSTEMD ".slice"),
      "BestEffort");
  EXPECT_EQ(qos("/system.slice/cron.service"), std::nullopt);
}

TEST(CgroupIdentityTest, WhereItDoesNotTheAdjDoesButOnlyForPods) {
  EXPECT_EQ(identify_cgroup("/pod" UID "/" ID, -997).qos, "Guaranteed");
  EXPECT_EQ(identify_cgroup("/pod" UID "/" ID, 1000).qos, "BestEffort");
  EXPECT_EQ(identify_cgroup("/pod" UID "/" ID, 873).qos, "Burstable");
  EXPECT_EQ(identify_cgroup("/pod" UID "/" ID, 0).qos, std::nullopt);
  EXPECT_EQ(identify_cgroup("/system.slice/x.service", 1000).qos, std::nullopt);
  // The path is the better witness: pause has -998 in every class.
  EXPECT_EQ(identify_cgroup("/kubepods/burstable/pod" UID, -998).qos, "Burstable");
}

TEST(CgroupIdentityTest, HostilePathsAreBounded) {
  std::string deep;
  for (int i = 0; i < 100000; ++i)
    deep += "/lxc";
  EXPECT_LE(owner_text(identify_cgroup(deep, 0), deep).size(), 600U);
  const std::string wide = "/lxc/" + std::string(1 << 20, 'x');
  EXPECT_LE(owner_text(identify_cgroup(wide, 0), wide).size(), 600U);
  EXPECT_EQ(identify_cgroup("", 0).owner, CgroupOwner::root);
  EXPECT_EQ(identify_cgroup("////", 0).owner, CgroupOwner::root);
}

}  // namespace
}  // namespace oomkit
