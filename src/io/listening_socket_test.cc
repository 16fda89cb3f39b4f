// Where a program may be asked, and that nobody who asks can hold it up.
#include "io/listening_socket.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "io/answer_server.h"
#include "io/io_testing.h"

namespace oomkit {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

TEST(ListenAddress, FilesAndPortsOfThisMachine) {
  const auto file = parse_listen_address("unix:/run/x.sock");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->kind, ListenAddress::Kind::unix_file);
  EXPECT_EQ(file->host, "/run/x.sock");
  const auto four = parse_listen_address("127.0.0.1:9123");
  ASSERT_TRUE(four);
  EXPECT_EQ(four->port, 9123);
  EXPECT_EQ(four->kind, ListenAddress::Kind::ipv4);
  const auto six = parse_listen_address("[::1]:80");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->kind, ListenAddress::Kind::ipv6);
}

TEST(ListenAddress, WhatOthersCouldReachIsRefused) {
  for (const char* const text :
       {"0.0.0.0:9123", "[::]:9123", "192.168.1.5:9123", "[fe80::1]:9123", "[::ffff:127.0.0.1]:1",
        "128.0.0.1:1", "localhost:9123", "*:9123", ":9123", "9123", "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x", "::1:9123",
        "[127.0.0.1]:1", "unix:", ""}) {
    const auto address = parse_listen_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, ErrorCode::usage) << text;
    EXPECT_THAT(address.error().what, HasSubstr("\"")) << text;
  }
  EXPECT_FALSE(parse_listen_address("unix:/" + std::string(200, 'x')));
}

class SocketFile : public ::testing::Test {
 protected:
  Result<ListeningSocket> make() {
    return ListeningSocket::create({ListenAddress::Kind::unix_file, path_, 0}, milliseconds(60));
  }

  TemporaryDirectory place_;
  std::string path_ = place_.path("x.sock");
};

TEST_F(SocketFile, IsForItsOwnerAlone) {
  const auto socket = make();
  ASSERT_TRUE(socket) << socket.error().what;
  struct stat found {};
  ASSERT_EQ(::lstat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  socket->remove_file();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SocketFile, OfADeadProgramIsReplacedAndOfALiveOneNever) {
  auto dead = std::optional(make());
  ASSERT_TRUE(*dead);
  dead.reset();
  ASSERT_TRUE(std::filesystem::exists(path_));
  const auto live = make();
  ASSERT_TRUE(live) << live.error().what;
  const auto second = make();
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().what, HasSubstr("answers there already"));
}

TEST_F(SocketFile, ThatIsNoSocketStays) {
  place_.write("x.sock", "precious");
  EXPECT_FALSE(make());
  EXPECT_EQ(std::filesystem::file_size(path_), 8U);
}

TEST_F(SocketFile, OfSomebodyElseIsNotRemoved) {
  const auto ours = make();
  ASSERT_TRUE(ours);
  std::filesystem::remove(path_);
  place_.write("x.sock", "another's");
  ours->remove_file();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

class Answering : public SocketFile {
 protected:
  void SetUp() override {
    socket_.emplace(std::move(make()).value());
    server_.emplace(
        std::move(AnswerServer::create({{socket_->get(), "\n",
                                         [](auto request) { return std::string(request) + "!"; }}}))
            .value());
    thread_ = std::thread([this] {
      while (!is_over_) {
        server_->serve();
        std::this_thread::sleep_for(milliseconds(1));
      }
    });
  }
  void TearDown() override {
    is_over_ = true;
    thread_.join();
  }
  int connect() {
    const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return client;
  }

  std::optional<ListeningSocket> socket_;
  std::optional<AnswerServer> server_;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

TEST_F(Answering, EachRequestHasItsAnswer) {
  for (const char* const word : {"a\n", "b\n"}) {
    const auto answer = ask_socket(path_, word, std::chrono::seconds(10), 100);
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(*answer, std::string(1, word[0]) + "!");
  }
}

TEST_F(Answering, ClientsThatSayNothingHoldNobodyUp) {
  std::vector<FileDescriptor> silent;
  for (std::size_t count = 0; count + 1 < AnswerServer::kOpenMax; ++count)
    silent.emplace_back(connect());
  const auto answer = ask_socket(path_, "a\n", std::chrono::seconds(10), 100);
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(*answer, "a!");
}

TEST_F(Answering, ARequestWithoutAnEndIsHungUpOn) {
  const auto answer = ask_socket(path_, std::string(AnswerServer::kRequestMax + 1024, 'x'),
                                 std::chrono::seconds(10), 100);
  EXPECT_FALSE(answer && !answer->empty());
}

TEST(ListeningPort, IsOfThisMachineAndAnswers) {
  const auto socket =
      ListeningSocket::create({ListenAddress::Kind::ipv4, "127.0.0.1", 0}, milliseconds(0));
  if (!socket) GTEST_SKIP() << "no port may be opened here: " << socket.error().what;
  AnswerServer server =
      std::move(AnswerServer::create({{socket->get(), "\r\n\r\n",
                                       [](auto request) { return "to " + std::string(request); }}}))
          .value();
  const FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(socket->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::send(client.get(), "GET\r\n\r\n", 7, MSG_NOSIGNAL), 7);
  do {
    server.serve();
  } while (server.is_busy());
  std::string answer(100, '\0');
  ASSERT_EQ(::recv(client.get(), answer.data(), answer.size(), 0), 6);
  EXPECT_THAT(answer, HasSubstr("to GET"));
}

TEST(AskSocket, NobodyThereIsNotFound) {
  const TemporaryDirectory place;
  const auto answer = ask_socket(place.path("no.sock"), "a\n", milliseconds(100), 10);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace oomkit
